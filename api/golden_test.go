package api_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/exodrive/exodrive/api"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Whoever writes a client by openapi.json or openapi.yaml reads what this server
// does: a route or a type that changes changes the files in the same commit.
func TestGoldenDocument(t *testing.T) {
	asJSON, asYAML, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"openapi.json": asJSON, "openapi.yaml": asYAML} {
		if *update {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("api/%s is not what the routes make; make generate writes it anew (first difference at byte %d)", name, differAt(got, want))
		}
	}
}

func differAt(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
