package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ledger-sdk/ledger-go/cmd/ledger-server/internal/record"
)

func endpoint(method, path string, status int) func(*record.Record) {
	return func(r *record.Record) {
		r.Type = record.TypeEndpoint
		r.Endpoint = &record.Endpoint{Method: method, Path: path, StatusCode: status}
	}
}

func attrs(own, resource string) func(*record.Record) {
	return func(r *record.Record) {
		r.Attributes, r.Resource = own, &record.Resource{Attributes: resource}
	}
}

func set(change func(*record.Record)) func(*record.Record) { return change }

func TestSearchFilters(t *testing.T) {
	s := openTest(t)
	mustAppend(t, s,
		rec(1, set(func(r *record.Record) { r.Level = "debug"; r.Environment = "prod" })),
		rec(2, set(func(r *record.Record) { r.Level = "error"; r.Service = "cart" })),
		rec(3, endpoint("GET", "/users/{id}", 200)),
		rec(4, endpoint("POST", "/Orders", 404)),
		rec(5, endpoint("POST", "/orders", 503)),
		rec(6, set(func(r *record.Record) { r.Message = "Größe 100% [a_b] *star* ?"; r.ErrorMessage = "disk GONE" })),
		rec(7, attrs(`{"n":12,"f":12.5,"t":true,"z":null,"s":"12","a.b\"c":"quoted"}`, `{"host":"h1","n":7}`)),
		rec(8, attrs(`{"n":12.0,"s":"x","o":{"k":[1,2]}}`, `{"host":"h2","only":"resource"}`)),
		rec(9, func(r *record.Record) { r.TraceID, r.SpanID = "abcdef", "12ab" }, attrs(`{"trace_id":"other"}`, `{}`)),
	)
	attr := func(k, v string) Query { return Query{Attrs: []Attr{{k, v}}} }
	for _, row := range []struct {
		name string
		q    Query
		want []int
	}{
		{"everything, newest first", Query{}, []int{9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"level", Query{Level: "error"}, []int{2}},
		{"type", Query{Type: "endpoint"}, []int{5, 4, 3}},
		{"service", Query{Service: "cart"}, []int{2}},
		{"environment", Query{Environment: "prod"}, []int{1}},
		{"status class", Query{StatusClass: []int{4}}, []int{4}},
		{"status classes", Query{StatusClass: []int{2, 5}}, []int{5, 3}},
		{"status classes and type", Query{StatusClass: []int{2, 5}, Type: "logger"}, nil},
		{"from is inclusive, to is not", Query{From: 3, To: 5}, []int{4, 3}},
		{"search the path, case-blind", Query{Search: "ORDERS"}, []int{5, 4}},
		{"search the method", Query{Search: "pos"}, []int{5, 4}},
		{"search the error message", Query{Search: "gone"}, []int{6}},
		{"search letters beyond ASCII", Query{Search: "gRÖSSE"}, nil},
		{"search letters beyond ASCII, case-blind", Query{Search: "GRÖß"}, []int{6}},
		{"search takes no wildcards: *", Query{Search: "*star*"}, []int{6}},
		{"search takes no wildcards: * alone", Query{Search: "*"}, []int{6}},
		{"search takes no wildcards: ?", Query{Search: "?"}, []int{6}},
		{"search takes no wildcards: %", Query{Search: "100%"}, []int{6}},
		{"search takes no wildcards: _", Query{Search: "a_b"}, []int{6}},
		{"search takes no classes", Query{Search: "[A_B]"}, []int{6}},
		{"search for an injection", Query{Search: "' OR 1=1 --"}, nil},
		{"level as an injection", Query{Level: "error' OR '1'='1"}, nil},
		{"attribute, a number", attr("n", "12"), []int{8, 7}},
		{"attribute, a number spelt otherwise", attr("n", "1.2e1"), []int{8, 7}},
		{"attribute, a fraction", attr("f", "12.5"), []int{7}},
		{"attribute, a text that looks like a number", attr("s", "12"), []int{7}},
		{"attribute, a text that does not", attr("s", "12.0"), nil},
		{"attribute, a truth", attr("t", "true"), []int{7}},
		{"attribute, null", attr("z", "null"), []int{7}},
		{"attribute, an object", attr("o", `{"k":[1,2]}`), []int{8}},
		{"attribute of the resource", attr("host", "h2"), []int{8}},
		{"attribute of the record hides the resource's", attr("n", "7"), nil},
		{"attribute with an odd name", attr(`a.b"c`, "quoted"), []int{7}},
		{"attribute named as an injection", attr(`x') OR TRUE --`, "1"), nil},
		{"attribute not a number", attr("n", "NaN"), nil},
		{"attributes together", Query{Attrs: []Attr{{"n", "12"}, {"host", "h1"}}}, []int{7}},
		{"trace", attr("trace_id", "ABCDEF"), []int{9}},
		{"trace as an attribute", attr("trace_id", "other"), []int{9}},
		{"span", attr("span_id", "12ab"), []int{9}},
		{"all at once", Query{Level: "info", Type: "endpoint", StatusClass: []int{5}, Search: "/orders", From: 1, To: 9}, []int{5}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.q.Limit, row.q.Count = 100, true
			page, err := s.Search(t.Context(), row.q)
			require.NoError(t, err)
			var want []string
			for _, n := range row.want {
				want = append(want, rec(n).ID)
			}
			assert.ElementsMatch(t, want, ids(page.Records))
			if len(want) > 0 {
				assert.Equal(t, want, ids(page.Records), "newest first")
			}
			assert.EqualValues(t, len(want), *page.Total)
		})
	}
}

func TestPagesNeitherRepeatNorSkipWhileRecordsArrive(t *testing.T) { // D5
	s := openTest(t)
	at := func(n, time int) record.Record { return rec(n, func(r *record.Record) { r.Time = int64(time) }) }
	var before []record.Record
	for n := range 60 { // many at the same instant
		before = append(before, at(n, 100+n/7))
	}
	mustAppend(t, s, before...)

	seen := map[string]int{}
	q := Query{Limit: 7}
	for next := 1000; ; next += 3 {
		page, err := s.Search(t.Context(), q)
		require.NoError(t, err)
		for _, id := range ids(page.Records) {
			seen[id]++
		}
		if page.Next == (Position{}) {
			break
		}
		q.Before = page.Next
		last := int(page.Next.Time)
		mustAppend(t, s, at(next, 999), at(next+1, last), at(next+2, 1)) // newer, at the cursor, older
	}
	for _, r := range before {
		assert.Equal(t, 1, seen[r.ID], r.ID)
	}
	for id, n := range seen {
		assert.Equal(t, 1, n, id)
	}
}

func TestLastPageHasNoNext(t *testing.T) {
	s := openTest(t)
	mustAppend(t, s, recs(1, 4)...)
	for limit, more := range map[int]bool{3: true, 4: false, 5: false} {
		page, err := s.Search(t.Context(), Query{Limit: limit})
		require.NoError(t, err)
		assert.Len(t, page.Records, min(limit, 4))
		assert.Equal(t, more, page.Next != Position{}, "limit %d", limit)
		assert.Nil(t, page.Total, "not counted unless asked")
	}
}

func TestPageEndsAtItsSizeAndGoesOnWithTheNext(t *testing.T) {
	s := openTest(t)
	for n := range 4 {
		mustAppend(t, s, rec(n, func(r *record.Record) { r.StackTrace = strings.Repeat("x", maxPageBytes/3) }))
	}
	var all []string
	q := Query{Limit: 1000}
	for {
		page, err := s.Search(t.Context(), q)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(page.Records), 2)
		all = append(all, ids(page.Records)...)
		if q.Before = page.Next; page.Next == (Position{}) {
			break
		}
	}
	assert.Len(t, all, 4)
}

func TestSearchWalksTheTimeIndexAndNeverSorts(t *testing.T) {
	s := openTest(t)
	for name, q := range map[string]Query{
		"plain":  {},
		"range":  {From: 1, To: 9},
		"filter": {Level: "error", Service: "shop", Attrs: []Attr{{"a", "1"}}},
	} {
		where, args := q.where()
		where += " AND time_ns <= ? AND (time_ns < ? OR seq < ?)"
		rows, err := s.readers.Query("EXPLAIN QUERY PLAN "+selectLog+" WHERE "+where+
			" ORDER BY time_ns DESC, seq DESC LIMIT ?", append(args, 9, 9, 9, 100)...)
		require.NoError(t, err)
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			plan = append(plan, detail)
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
		text := fmt.Sprint(plan)
		assert.Contains(t, text, "logs_by_time", name)
		assert.NotContains(t, text, "TEMP B-TREE", name)
	}
}
