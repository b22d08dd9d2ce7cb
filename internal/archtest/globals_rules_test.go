package archtest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPackageLevelStateIsFound(t *testing.T) {
	for name, body := range map[string]string{
		"assigned":             "var v int\nfunc f() { v = 1 }",
		"assigned from import": "var v int\nfunc f() { v = other.Value() }",
		"assigned with others": "var v int\nfunc f() (err error) { v, err = 1, nil; return }",
		"added to":             "var v int\nfunc f() { v += 1 }",
		"counted":              "var v int\nfunc f() { v++ }",
		"map written":          "var v = map[int]int{}\nfunc f() { v[1] = 2 }",
		"map deleted from":     "var v = map[int]int{}\nfunc f() { delete(v, 1) }",
		"cleared":              "var v = map[int]int{}\nfunc f() { clear(v) }",
		"copied into":          "var v [8]byte\nfunc f() { copy(v[:], other.Bytes) }",
		"field written":        "var v struct{ n int }\nfunc f() { v.n = 1 }",
		"through pointer":      "var v *T\ntype T struct{ n []int }\nfunc f() { (*v).n[2] = 1 }",
		"address given away":   "var v int\nfunc f() { other.Set(&v) }",
		"ranged into":          "var v int\nfunc f() { for v = range 3 {} }",
		"written in method":    "var v int\ntype T int\nfunc (T) f() { v = 1 }",
		"written in closure":   "var v int\nvar g = func() { v = 1 }",
		"mutex":                "var v sync.Mutex",
		"map with locks":       "var v = map[string]sync.Mutex{}",
		"atomic":               "var v atomic.Int64",
		"atomic pointer":       "var v atomic.Pointer[int]",
		"channel":              "var v = make(chan int)",
		"pointer to fresh":     "var v = &other.Command{}",
		"new":                  "var v = new(T)\ntype T int",
	} {
		t.Run(name, func(t *testing.T) {
			pkg := snippets(t, "wal/x.go", "package wal\nimport \"example.com/other\"\n"+body)
			assert.Len(t, mutableGlobals(pkg), 1)
		})
	}
}

func TestConstantsInAllButNameAreNoState(t *testing.T) {
	for name, body := range map[string]string{
		"sentinel":          "var ErrClosed = errors.New(\"closed\")",
		"typed sentinel":    "var errFull = &Error{}\ntype Error struct{}",
		"regexp":            "var pattern = regexp.MustCompile(`x`)\nfunc f() bool { return pattern.MatchString(\"\") }",
		"table, only read":  "var table = map[int]string{1: \"a\"}\nfunc f() string { return table[1] }",
		"crc table":         "var table = crc32.MakeTable(crc32.Castagnoli)",
		"pool":              "var pool = sync.Pool{}",
		"shadowed":          "var v int\nfunc f() { v := 1; v = 2; v++; _ = &v }",
		"shadowed by param": "var v int\nfunc f(v int) { v = 2 }",
		"field of the name": "var v int\ntype T struct{ v int }\nfunc (t *T) f() { t.v = 1 }",
		"literal's address": "type T struct{}\nfunc f() *T { return &T{} }",
	} {
		t.Run(name, func(t *testing.T) {
			assert.Empty(t, mutableGlobals(snippets(t, "wal/x.go", "package wal\n"+body)))
		})
	}
}

func TestPackageLevelStateIsFoundAcrossFiles(t *testing.T) {
	pkg := snippets(t,
		"wal/one.go", "package wal\nvar v int\n",
		"wal/two.go", "package wal\nfunc f() { v = 1 }\n")
	assert.Equal(t, []string{"wal/two.go:2: package-level variable v is changed"}, mutableGlobals(pkg))
}
