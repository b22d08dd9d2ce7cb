package ledger

import (
	"log/slog"
	"slices"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
)

// The server refuses a record whose attributes, merged with those of the resource
// and written as JSON, exceed 100,000 characters. We stay below that, because what
// we add up is not exactly what it writes.
const (
	maxAttributesJSON = 95_000
	// fixedJSON is what the server adds itself: braces, the keys of the object
	// "endpoint", trace_id and span_id.
	fixedJSON = 320
	// maxMessageJSON and maxPathJSON bound what is never dropped.
	maxMessageJSON = 20_000
	maxPathJSON    = 8_192
	// leastShare is what an attribute may always take, be there ever so many. Below
	// it, whole attributes are dropped instead.
	leastShare = 256
)

// resourceSize returns what the attributes of the resource take of the limit.
func resourceSize(attrs []slog.Attr) int {
	flat, _ := otlp.Flatten(nil, "", attrs)
	size := 0
	for _, a := range otlp.Dedup(flat) {
		size += cost(a, false)
	}
	return size
}

// fit makes attrs, which are plain, take at most room, in place, and returns how
// many it dropped. Small attributes stay. The largest are cut to what is left for
// each, or dropped if they are not text.
func fit(attrs []slog.Attr, room int, endpoint bool) (kept []slog.Attr, dropped int) {
	if fitSurely(attrs, room, endpoint) {
		return attrs, 0
	}
	costs := make([]int, len(attrs))
	shared := make([]int, 0, len(attrs))
	stack, wanted := 0, 0
	for i, a := range attrs {
		costs[i] = cost(a, endpoint)
		switch {
		case isPinned(a.Key):
			room -= costs[i]
		case a.Key == keyExceptionStack:
			stack = costs[i]
		default:
			shared = append(shared, costs[i])
			wanted += costs[i]
		}
	}
	if stack+wanted <= room {
		return attrs, 0
	}
	// The stack gives way to the rest, but not below half: of a failure it is
	// worth more than any one attribute.
	stack = max(0, min(stack, max(room/2, room-wanted)))
	room -= stack
	share := max(leastShare, fairShare(shared, room))
	kept = attrs[:0]
	for i, a := range attrs {
		var n int
		switch {
		case isPinned(a.Key):
			n = costs[i]
		case a.Key == keyExceptionStack:
			a, n = shrink(a, costs[i], stack, endpoint)
		default:
			a, n = shrink(a, costs[i], min(share, room), endpoint)
			room -= n
		}
		if n == 0 {
			dropped++
			continue
		}
		kept = append(kept, a)
	}
	return kept, dropped
}

// fitSurely answers for nearly every record, without counting characters: no byte
// takes more than six.
func fitSurely(attrs []slog.Attr, room int, endpoint bool) bool {
	most := 0
	for _, a := range attrs {
		n := 6*len(a.Key) + pairJSON
		switch a.Value.Kind() {
		case slog.KindString:
			n += 6 * len(a.Value.String())
		case slog.KindAny:
			n += valueJSON(a.Value)
		default:
			n += scalarJSON
		}
		most += n * copies(a.Key, endpoint)
	}
	return most <= room
}

// fairShare returns the largest share such that all costs, each cut to it, fit.
func fairShare(costs []int, room int) int {
	sorted := slices.Sorted(slices.Values(costs))
	for i, c := range sorted {
		share := room / (len(sorted) - i)
		if c > share {
			return share
		}
		room -= c
	}
	return room
}

// shrink cuts an attribute to limit and returns what it takes then, 0 if it cannot
// be cut so far.
func shrink(a slog.Attr, size, limit int, endpoint bool) (slog.Attr, int) {
	if size <= limit {
		return a, size
	}
	if a.Value.Kind() != slog.KindString {
		return a, 0
	}
	text := a.Value.String()
	a.Value = slog.StringValue("")
	left := (limit - cost(a, endpoint)) / copies(a.Key, endpoint)
	if left < len(otlp.Mark) {
		return a, 0
	}
	a.Value = slog.StringValue(cutJSON(text, left))
	return a, cost(a, endpoint)
}

// isPinned reports whether an attribute is never cut here: the server would not
// know the record again without it. Each is bounded by its own limit.
func isPinned(key string) bool {
	switch key {
	case keyID, keyUID, keyType, keyImportance, keyExceptionType, keyExceptionMessage,
		keyMethod, keyOldMethod, keyRoute, keyPath, keyStatus, keyOldStatus, keyDuration:
		return true
	}
	return false
}

// copies returns how often the server stores an attribute in the same JSON: those
// of a request are repeated in an object of their own. Path parameters are text
// that it parses first; numbers such as 1e15 grow by that.
func copies(key string, endpoint bool) int {
	if !endpoint {
		return 1
	}
	switch key {
	case keyMethod, keyOldMethod, keyRoute, keyPath, keyStatus, keyOldStatus, keyDuration, keyQuery, keyResponseBody:
		return 2
	case keyPathParams:
		return 6
	}
	return 1
}
