package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// The log has a line for the start, one per request with the route and never the address, and one for the end; nothing in it is secret.
func TestLog(t *testing.T) {
	t.Parallel()
	p := serve(t, "", append([]string{"EXO_ACCESS_LOG=all", "EXO_ADMIN_TOKEN=" + token, "EXO_DEMO=yes"}, anywhere...))
	slug := slugsOf(t, get(t, p.site+"/api/cars?limit=1&junk=visible-query"))
	for _, path := range []string{
		"/api/cars/" + slug[0], "/fleet/" + slug[0], "/api/cars/no-such-car", "/nowhere/visible-path", "/api/cars?page=visible-page",
	} {
		if _, _, err := call(http.MethodGet, p.site+path, "", "Cookie: visible=cookie", "User-Agent: visible-agent"); err != nil {
			t.Fatal(err)
		}
	}
	get(t, p.site+"/api/admin/audit?subject=visible-x", bearer)
	if _, _, err := call(http.MethodPost, p.site+"/api/admin/cars", `{"name":"visible-body"}`, bearer, "Content-Type: application/json"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := call(http.MethodGet, p.site+"/api/admin/cars", "", "Authorization: Bearer visible-token"); err != nil {
		t.Fatal(err)
	}
	p.stop()

	routes := map[string]int{}
	var messages []string
	for _, line := range p.lines() {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("not JSON: %s", line)
			continue
		}
		message, _ := entry["msg"].(string)
		messages = append(messages, message)
		if route, ok := entry["route"].(string); ok {
			routes[route]++
		}
		for _, secret := range []string{"visible", token, slug[0], "no-such-car"} {
			if strings.Contains(line, secret) {
				t.Errorf("the log has %q: %s", secret, line)
			}
		}
	}
	if messages[0] != "serving" || messages[len(messages)-1] != "stopped" {
		t.Errorf("the log begins with %s and ends with %s", messages[0], messages[len(messages)-1])
	}
	for route, least := range map[string]int{"/api/cars": 2, "/api/cars/{carId}": 2, "/fleet/{slug}": 1, "/api/admin/cars": 2, "/api/admin/audit": 1} {
		if routes[route] < least {
			t.Errorf("the log has %d lines for %s, want %d; it has %v", routes[route], route, least, routes)
		}
	}
	for _, name := range []string{"version", "database", "address", "operations", "demo", "ms"} {
		if !strings.Contains(p.lines()[0], `"`+name+`":`) {
			t.Errorf("the start line has no %s: %s", name, p.lines()[0])
		}
	}
}
