package record_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

func TestCutCountsCharactersNotBytes(t *testing.T) {
	for _, row := range []struct {
		name, in string
		limit    int
		want     string
	}{
		{"shorter", "abc", 5, "abc"},
		{"exact", "abc", 3, "abc"},
		{"longer", "abcd", 3, "abc"},
		{"wide characters that fit", "ééé", 3, "ééé"},
		{"wide characters that do not", "éééé", 3, "ééé"},
		{"nothing allowed", "abc", 0, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want, record.Cut(row.in, row.limit))
			assert.Equal(t, row.in != row.want, record.Longer(row.in, row.limit))
		})
	}
}

func TestGivenIDKeepsShortIDsAndTellsLongOnesApart(t *testing.T) {
	assert.Equal(t, "id-1", record.GivenID("id-1"))
	limit := strings.Repeat("x", record.MaxID)
	assert.Equal(t, limit, record.GivenID(limit))

	a, b := record.GivenID(limit+"a"), record.GivenID(limit+"b")
	assert.NotEqual(t, a, b, "R2")
	assert.Len(t, a, record.MaxID)
	assert.Equal(t, a, record.GivenID(limit+"a"), "R1")
}

func TestContentIDFollowsEveryFieldTheSenderSetAndNoOther(t *testing.T) {
	base := func() record.Record {
		return record.Record{
			Time: 1, Level: "info", Type: "custom", Message: "m", TraceID: "t", SpanID: "s",
			Attributes: `{"a":1}`, Resource: &record.Resource{Attributes: `{"r":1}`},
		}
	}
	first := base()
	want := record.ContentID(&first)

	again := base()
	again.Ingested, again.Resends = 99, 3
	assert.Equal(t, want, record.ContentID(&again), "the arrival is not part of the identity (R1)")

	for name, change := range map[string]func(*record.Record){
		"time":       func(r *record.Record) { r.Time++ },
		"level":      func(r *record.Record) { r.Level = "error" },
		"type":       func(r *record.Record) { r.Type = "logger" },
		"message":    func(r *record.Record) { r.Message = "n" },
		"trace":      func(r *record.Record) { r.TraceID = "u" },
		"span":       func(r *record.Record) { r.SpanID = "v" },
		"attributes": func(r *record.Record) { r.Attributes = `{"a":2}` },
		"resource":   func(r *record.Record) { r.Resource = &record.Resource{Attributes: `{"r":2}`} },
		"shifted":    func(r *record.Record) { r.Message, r.TraceID = "mt", "" },
	} {
		t.Run(name, func(t *testing.T) {
			other := base()
			change(&other)
			assert.NotEqual(t, want, record.ContentID(&other))
		})
	}
}

func TestVocabularyKnowsItsWordsOnly(t *testing.T) {
	for _, s := range record.Levels() {
		assert.True(t, record.IsLevel(s))
	}
	for _, s := range record.Types() {
		assert.True(t, record.IsType(s))
	}
	for _, s := range record.Importances() {
		assert.True(t, record.IsImportance(s))
	}
	assert.Len(t, record.Types(), 6)
	assert.False(t, record.IsLevel("fatal"))
	assert.False(t, record.IsType("Endpoint"))
	assert.False(t, record.IsImportance(""))
}
