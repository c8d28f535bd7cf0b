package api

import "testing"

// A text that a renter entered is not run by the spreadsheet of who opens the export,
// whichever sign its formulas begin with, and any other text is as it was entered.
//
// Red when: cell leaves one of the signs out, or looks at the first only.
func TestNoCellOfAnExportIsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "",
		"Maria":              "Maria",
		"O'Neill-Smith":      "O'Neill-Smith",
		"1+1=2":              "1+1=2",
		"maria@example.com":  "maria@example.com",
		"=1+1":               "'=1+1",
		"+1 305 555 0142":    "'+1 305 555 0142",
		"-1":                 "'-1",
		"@SUM(A1)":           "'@SUM(A1)",
		"＝1+1":               "'＝1+1",
		"＋1":                 "'＋1",
		"－1":                 "'－1",
		"＠SUM(A1)":           "'＠SUM(A1)",
		"\t=1":               "'\t'=1",
		"\r=1":               "'\r=1",
		"\n=1":               "'\n=1",
		"Maria;=1+1":         "Maria;'=1+1",
		"Maria\t@SUM(A1)":    "Maria\t'@SUM(A1)",
		`"=1+1"`:             `"'=1+1"`,
		`Maria;"＝1+1"`:       `Maria;"'＝1+1"`,
		"Maria;Keller - Ltd": "Maria;Keller - Ltd",
	} {
		if got := cell(text); got != want {
			t.Errorf("cell(%q) is %q, want %q", text, got, want)
		}
	}
}
