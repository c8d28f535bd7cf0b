package sqlstore_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	sqlComment   = regexp.MustCompile(`--[^\n]*`)
	takenAway    = regexp.MustCompile(`(?i)^ALTER TABLE (IF EXISTS )?\w+ (DROP|RENAME|ALTER)\b`)
	tableDropped = regexp.MustCompile(`(?i)^DROP TABLE (?:IF EXISTS )?([\w, ]+)$`)
	columnAdded  = regexp.MustCompile(`(?i)^ALTER TABLE \w+ ADD COLUMN\b`)
	mustBeFilled = regexp.MustCompile(`(?i)\bNOT NULL\b`)
	fillsItself  = regexp.MustCompile(`(?i)\b(DEFAULT|GENERATED ALWAYS)\b`)
)

// incompatible are the statements of a migration that the release before it, still
// running, may stumble over: what it knows is gone, or its inserts lack something.
func incompatible(migration string) (found []string) {
	for statement := range strings.SplitSeq(sqlComment.ReplaceAllString(migration, ""), ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		bad := takenAway.MatchString(statement) || columnAdded.MatchString(statement) && mustBeFilled.MatchString(statement) && !fillsItself.MatchString(statement)
		if m := tableDropped.FindStringSubmatch(statement); m != nil {
			for table := range strings.SplitSeq(m[1], ",") { // one that the migration makes itself may be left from a restore
				bad = bad || !strings.Contains(migration, "CREATE TABLE "+strings.TrimSpace(table)+" (")
			}
		}
		if bad {
			found = append(found, statement)
		}
	}
	return found
}

// A release that still runs while the next one migrates finds all that it knows:
// migrations add, and what they add to a row fills itself. The first two made the
// schema, before there was a release.
func TestMigrationsOnlyAdd(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) < 8 {
		t.Fatalf("found %v (%v)", files, err)
	}
	for _, file := range files {
		if name := filepath.Base(file); name < "00003" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range incompatible(string(text)) {
			t.Errorf("%s: the release before cannot run beside this: %s", file, statement)
		}
	}
}

// What would break the release before is found, and what would not is let pass.
func TestIncompatibleMigrations(t *testing.T) {
	for statement, bad := range map[string]bool{
		"ALTER TABLE cars DROP COLUMN seats;":                                             true,
		"-- why\nALTER TABLE cars\n  RENAME COLUMN seats TO places;":                      true,
		"ALTER TABLE cars ALTER COLUMN seats TYPE TEXT;":                                  true,
		"ALTER TABLE cars ADD COLUMN doors BIGINT NOT NULL;":                              true,
		"DROP TABLE extras;":                                                              true,
		"ALTER TABLE cars ADD COLUMN doors BIGINT NOT NULL DEFAULT 2;":                    false,
		"ALTER TABLE cars ADD COLUMN doors BIGINT; -- never DROP TABLE cars;":             false,
		"DROP TABLE IF EXISTS job_runs;\nCREATE TABLE job_runs (\n day TEXT NOT NULL\n);": false,
	} {
		if found := incompatible(statement); (len(found) > 0) != bad {
			t.Errorf("%q: found %q", statement, found)
		}
	}
}
