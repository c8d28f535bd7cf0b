package main_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/exodrive/exodrive/app"
)

// variables are all that the program reads, in the order of its help.
func variables() (names []string) {
	for i := range reflect.TypeFor[app.Settings]().NumField() {
		names = append(names, reflect.TypeFor[app.Settings]().Field(i).Tag.Get("env"))
	}
	return names
}

// flagOf is the flag of a variable.
func flagOf(variable string) string {
	return "--" + strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variable, "EXO_")), "_", "-")
}

// Every variable is also a flag of the same name, and the help of every command that reads it shows both.
func TestHelpShowsEverySetting(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"seed", "--help"}} {
		help := must(t, "", nil, args...).out
		for _, variable := range variables() {
			// Between a flag and its variable no other variable is named.
			one := regexp.MustCompile(flagOf(variable) + `\b[^$]*\(\$` + variable + `\)`)
			if !one.MatchString(help) {
				t.Errorf("exodrive %s does not show %s with $%s:\n%s", strings.Join(args, " "), flagOf(variable), variable, help)
			}
		}
	}
}

// Alone, the program shows what it can do; the exit code tells a script that it has done nothing.
func TestAlone(t *testing.T) {
	t.Parallel()
	alone, help := run(t, "", nil), run(t, "", nil, "--help")
	if alone.code != 2 || alone.out != "" || alone.errs != help.out {
		t.Errorf("alone: exit code %d and\n%s%s", alone.code, alone.out, alone.errs)
	}
	for _, name := range []string{"serve", "migrate", "seed", "admin create", "admin token", "cache warm", "cache clear", "cache stats", "openapi", "backup", "restore"} {
		if !regexp.MustCompile(`(?m)^  ` + name + `  +[A-Z].*`).MatchString(help.out) {
			t.Errorf("the help has no line for %s:\n%s", name, help.out)
		}
	}
	if v := must(t, "", nil, "--version"); v.out != "v0-test\n" {
		t.Errorf("the version is %q", v.out)
	}
}

// A slip on the command line is exit code 2, a sentence that names it, and a hint.
func TestUsage(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"serve --nope":          "unknown flag --nope",
		"srve":                  `did you mean "serve"`,
		"seed --cars many":      `--cars: expected a valid 64 bit int but got "many"`,
		"seed --day 2025-02-30": `--day: "2025-02-30" is not a day; write it as YYYY-MM-DD`,
		"backup":                `expected "<file>"`,
		"admin":                 `expected one of "create", "token"`,
	} {
		r := run(t, "", nil, strings.Fields(line)...)
		if r.code != 2 || r.out != "" || !strings.HasPrefix(r.errs, "exodrive: ") || !strings.Contains(r.errs, says) || !strings.HasSuffix(r.errs, "\nRun exodrive --help for how to use it.\n") {
			t.Errorf("exodrive %s: exit code %d\n%s%s", line, r.code, r.out, r.errs)
		}
		if strings.Contains(r.errs, "invalid:") {
			t.Errorf("exodrive %s speaks to programmers: %s", line, r.errs)
		}
	}
}

// All wrong settings are said at once, one sentence a line, and nothing is started.
func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	wrong := []string{
		"EXO_ADDR=here", "EXO_OPS_ADDR=there", "EXO_BASE_URL=cars.example.com", "EXO_DEMO=maybe", "EXO_WARM_ON_START=soon", "EXO_ADMIN_TOKEN=" + password,
		"EXO_OTLP_URL=http://u:" + password + "@h",
		"EXO_RATE_LIMITS=some", "EXO_ACCESS_LOG=loud", "EXO_TRUSTED_PROXIES=everybody", "EXO_TIME_ZONE=Europe/Atlantis",
		"DATABASE_URL=mysql://u:" + password + "@h/d", "DATABASE_POOL=1", "DATABASE_POOLER=session",
	}
	dir := t.TempDir()
	for _, args := range [][]string{{"serve"}, {"serve", "--print-config"}, {"migrate"}, {"restore", "file"}} {
		r := run(t, dir, wrong, args...)
		lines := strings.Split(strings.TrimSuffix(r.errs, "\n"), "\n")
		if r.code != 1 || len(lines) != len(wrong) {
			t.Errorf("exodrive %s: exit code %d and %d lines, want 1 and %d:\n%s", strings.Join(args, " "), r.code, len(lines), len(wrong), r.errs)
		}
		for _, setting := range wrong {
			name, _, _ := strings.Cut(setting, "=")
			if n := len(regexp.MustCompile(`(?m)^exodrive: `+name+`\b.*[^.]\.$`).FindAllString(r.errs, -1)); n != 1 {
				t.Errorf("exodrive %s: %d sentences about %s:\n%s", strings.Join(args, " "), n, name, r.errs)
			}
		}
		if strings.Contains(r.out+r.errs, password) {
			t.Errorf("exodrive %s shows a secret:\n%s%s", strings.Join(args, " "), r.out, r.errs)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the folder has now %v, %v", entries, err)
	}
	order := []string{}
	for line := range strings.Lines(run(t, dir, wrong, "serve").errs) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "exodrive: "), " ")
		order = append(order, strings.TrimSuffix(name, ":"))
	}
	if want := slices.DeleteFunc(variables(), func(name string) bool { return !slices.Contains(order, name) }); !slices.Equal(order, want) {
		t.Errorf("the faults are told in the order %q, and --help lists the settings as %q", order, want)
	}
	again := run(t, dir, wrong, "serve")
	if other := run(t, dir, wrong, "serve"); other != again {
		t.Errorf("the same faults are said in another order:\n%s\n%s", again.errs, other.errs)
	}
}

// The operator sees the configuration as it will be used: defaults filled in, flags before variables, secrets hidden wherever they come from.
func TestPrintConfig(t *testing.T) {
	t.Parallel()
	printed := func(env []string, flags ...string) map[string]string {
		t.Helper()
		r := must(t, "", env, append([]string{"serve", "--print-config"}, flags...)...)
		if strings.Contains(r.out+r.errs, password) || strings.Contains(r.out+r.errs, token) {
			t.Errorf("a secret is shown:\n%s%s", r.out, r.errs)
		}
		shown := map[string]string{}
		for line := range strings.Lines(r.out) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			shown[name] = value
		}
		return shown
	}
	check := func(shown map[string]string, want ...string) {
		t.Helper()
		for _, line := range want {
			name, value, _ := strings.Cut(line, "=")
			if got, ok := shown[name]; !ok || got != value {
				t.Errorf("%s is shown as %q, want %q", name, got, value)
			}
		}
	}
	shown := printed(nil)
	check(shown, "EXO_ADDR=:8080", "EXO_OPS_ADDR=127.0.0.1:9090", "EXO_DEMO=false", "EXO_WARM_ON_START=false", "EXO_ADMIN_TOKEN=", "EXO_OTLP_URL=", "EXO_RATE_LIMITS=on",
		"EXO_ACCESS_LOG=sampled", "EXO_TIME_ZONE=UTC", "DATABASE_URL=sqlite:data/exodrive.db", "DATABASE_POOL=20", "DATABASE_POOLER=none")
	for _, name := range variables() {
		if _, ok := shown[name]; !ok {
			t.Errorf("%s is not shown", name)
		}
	}
	check(printed([]string{"EXO_ADMIN_TOKEN=" + token, "DATABASE_URL=postgres://u:" + password + "@h:5433/d?sslmode=require"}),
		"EXO_ADMIN_TOKEN=(hidden)", "DATABASE_URL=postgres://u:xxxxx@h:5433/d?sslmode=require")
	for address, want := range map[string]string{
		"redis://h:6379/2":                                                     "redis://h:6379/2",
		"redis://u:" + password + "@h":                                         "redis://u:xxxxx@h",
		"rediss://:" + password + "@h:1/0":                                     "rediss://:xxxxx@h:1/0",
		"redis://" + password + "@h":                                           "redis://:xxxxx@h",
		"redis-cluster://u:" + password + "@a:1,b:2":                           "redis-cluster://u:xxxxx@a:1,b:2",
		"redis-sentinel://a,b/m?sentinel_user=s&sentinel_password=" + password: "redis-sentinel://a,b/m?sentinel_password=xxxxx&sentinel_user=s",
	} {
		check(printed([]string{"REDIS_URL=" + address, "DATABASE_URL=postgres://h/d"}), "REDIS_URL="+want)
	}
	for _, broken := range []string{"redis://u:" + password + "?@h", "redis://u:" + password + "/x@h", password, "redis://h?password=" + password} {
		r := run(t, "", []string{"REDIS_URL=" + broken}, "serve", "--print-config")
		if !strings.Contains(r.out, "\nREDIS_URL=(hidden)\n") || strings.Contains(r.out+r.errs, password) {
			t.Errorf("%s is shown as %s%s", broken, r.out, r.errs)
		}
	}
	check(printed([]string{"EXO_OTLP_URL=http://c:4318"}), "EXO_OTLP_URL=http://c:4318")
	check(printed([]string{"DATABASE_URL=postgres://h/d?user=u&password=" + password}), "DATABASE_URL=postgres://h/d?password=xxxxx&user=u")
	check(printed([]string{"EXO_ADDR=:1", "EXO_DEMO=1", "EXO_WARM_ON_START=1", "DATABASE_POOL=3"}, "--addr=:2", "--demo=false", "--warm-on-start=no", "--database-pool", "4", "--ops-addr="),
		"EXO_ADDR=:2", "EXO_DEMO=false", "EXO_WARM_ON_START=no", "DATABASE_POOL=4", "EXO_OPS_ADDR=")
	check(printed([]string{"EXO_DEMO=no", "EXO_DATA_DIR=/srv"}, "--demo"), "EXO_DEMO=true", "DATABASE_URL=sqlite:/srv/exodrive.db")

	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("postgresql://user:"+password+"@host/fleet\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(printed([]string{"DATABASE_URL_FILE=" + secret}), "DATABASE_URL=postgresql://user:xxxxx@host/fleet")
	check(printed([]string{"EXO_ADMIN_TOKEN_FILE=" + secret}), "EXO_ADMIN_TOKEN=(hidden)") // a token is any text of 32 characters
	for _, file := range []string{"/nowhere/secret", os.DevNull} {
		refused(t, run(t, "", []string{"DATABASE_URL_FILE=" + file}, "serve"), "DATABASE_URL_FILE", file)
	}
}

// A token from a file opens the administrator's routes.
func TestSecretFromFile(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := serve(t, "", append([]string{"EXO_ADMIN_TOKEN_FILE=" + secret}, anywhere...))
	get(t, p.site+"/api/admin/cars", bearer)
	if status, _, err := call("GET", p.site+"/api/admin/cars", ""); status != 401 {
		t.Errorf("without the token: %d, %v", status, err)
	}
}

// Who misspells a setting is told so when the server starts, once, with the name that he
// may have meant; what is spelt right, or is none of ours, is told nothing.
//
// Red when: a variable of a file is taken for a misspelt one; the nearest is another.
func TestMisspeltSettings(t *testing.T) {
	t.Parallel()
	got := app.Misspelt([]string{"EXO_ADDRESS=:1", "EXO_SECRET_FILE=x", "EXO_DEMO=1", "EXO_OPTS_ADDR=:2", "HOME=/", "DATABASE_POOL=3", "EXO_ADMIN_TOKENFILE=x", "EXO_TIMEZONE"})
	want := [][2]string{{"EXO_ADDRESS", "EXO_ADDR"}, {"EXO_ADMIN_TOKENFILE", "EXO_ADMIN_TOKEN_FILE"}, {"EXO_OPTS_ADDR", "EXO_OPS_ADDR"}, {"EXO_TIMEZONE", "EXO_TIME_ZONE"}}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	p := serve(t, "", append([]string{"EXO_RATE_LIMIT=off"}, anywhere...))
	p.stop()
	if out := strings.Join(p.lines(), "\n"); strings.Count(out, `"name":"EXO_RATE_LIMIT","nearest":"EXO_RATE_LIMITS"`) != 1 {
		t.Errorf("the log has %s", out)
	}
}
