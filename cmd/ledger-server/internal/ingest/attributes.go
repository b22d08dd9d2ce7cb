package ingest

import (
	"maps"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// attributes are those of a record over those of its resource: a name that both
// have means the record's.
type attributes struct {
	own    map[string]pcommon.Value
	shared map[string]pcommon.Value
}

// get returns the attribute of the first name that there is one of.
func (a attributes) get(names ...string) (pcommon.Value, bool) {
	for _, name := range names {
		if v, ok := a.own[name]; ok {
			return v, true
		}
		if v, ok := a.shared[name]; ok {
			return v, true
		}
	}
	return pcommon.Value{}, false
}

// text returns the attribute of the first name that there is one of, as text,
// or nothing. All attributes have been encoded before, so none can fail here.
func (a attributes) text(names ...string) string {
	v, ok := a.get(names...)
	if !ok {
		return ""
	}
	s, _ := textOf(v)
	return s
}

// has reports whether an attribute's name begins so.
func (a attributes) has(prefix string) bool {
	for _, m := range []map[string]pcommon.Value{a.own, a.shared} {
		for name := range m {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}
	}
	return false
}

// toMap returns m as a map. Of a name that occurs twice the last counts.
func toMap(m pcommon.Map) map[string]pcommon.Value {
	return maps.Collect(m.All())
}
