package cache

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var writeWire = flag.Bool("write-wire", false, "write testdata/wire-vN.bin for the wire version N of this release")

// goldenBody is the answer in every golden file.
func goldenBody() string {
	return `{"text":"` + strings.Repeat("a long & compressible word ", 60) + `"}`
}

// An entry that an earlier release has left in the remote cache is still an answer,
// byte for byte, as long as its wire version is this one's; of another version it
// is not there. Nobody has to empty the remote cache for a new release.
//
// Red when: unpack reads another form, and wireVersion is the same; or it takes any
// version; or there is no file of a new one yet.
func TestEntriesOfEarlierReleases(t *testing.T) {
	current := filepath.Join("testdata", fmt.Sprintf("wire-v%d.bin", wireVersion))
	if *writeWire {
		if err := os.WriteFile(current, packed(goldenBody(), []string{"car:7", "cars", "availability:*"}, 1<<62), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob("testdata/wire-v*.bin")
	if err != nil || !slices.Contains(files, current) {
		t.Fatalf("there is no %s, %v: write it with go test ./cache -run=EarlierReleases -args -write-wire", current, err)
	}
	for _, name := range files {
		bytes, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, h, q := wireFamily()
		e, err := f.unpack(q, h, Taken{Outcome: Found, Bytes: bytes, Left: time.Minute})
		if name != current {
			if err == nil {
				t.Errorf("%s is an answer to wire version %d", name, wireVersion)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := string(e.body.identity.Body); got != goldenBody() {
			t.Errorf("%s: the body is %q", name, got)
		}
		if got := strings.Join(e.tags, " "); got != "car:7 cars availability:*" || e.stamp != 99 || e.until != 1<<62 || e.cost != time.Millisecond {
			t.Errorf("%s: tags %q, stamp %d, until %d, cost %v", name, got, e.stamp, e.until, e.cost)
		}
		if e.Variant(Gzip) == nil || len(e.Variant(Gzip).Body) >= len(goldenBody()) {
			t.Errorf("%s: the gzip variant is lost", name)
		}
	}
}
