package wal

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Which segment counts where several hold the same offsets: the one that was
// written again, never a copy that hides what others hold (W3, W6).
func TestMergeLosesNothingThatWasSynced_W3_W6(t *testing.T) {
	type seg []span
	s := func(from, to Offset) span { return span{from: from, to: to} }
	for _, tt := range []struct {
		name     string
		segments []seg
		settled  Offset
		want     []seg
	}{
		{"nothing in common", []seg{{s(1, 4)}, {s(5, 8)}}, 0, []seg{{s(1, 4)}, {s(5, 8)}}},
		{"written again", []seg{{s(1, 8)}, {s(5, 10)}}, 0, []seg{{s(1, 4)}, {s(5, 10)}}},
		{"written again up to the same", []seg{{s(1, 8)}, {s(5, 8)}}, 0, []seg{{s(1, 4)}, {s(5, 8)}}},
		{"all of it written again", []seg{{s(1, 8)}, {s(1, 8)}}, 0, []seg{{}, {s(1, 8)}}},
		{"torn, then written again in part", []seg{{s(1, 4), s(8, 10)}, {s(5, 7)}}, 0, []seg{{s(1, 4)}, {s(5, 7)}}},
		{"torn, then written again in two", []seg{{s(1, 4), s(8, 10)}, {s(5, 8)}, {s(9, 12)}}, 0, []seg{{s(1, 4)}, {s(5, 8)}, {s(9, 12)}}},
		{"cut short while it was written again", []seg{{s(1, 8)}, {s(5, 6)}}, 0, []seg{{s(1, 8)}, {}}},
		{"a copy, and new records behind it", []seg{{s(1, 8)}, {s(5, 6), s(9, 12)}}, 0, []seg{{s(1, 8)}, {s(9, 12)}}},
		{"copies in two segments", []seg{{s(1, 4)}, {s(5, 8)}, {s(3, 6)}, {s(2, 3)}}, 0, []seg{{s(1, 4)}, {s(5, 8)}, {}, {}}},
		{"settled and gone", []seg{{s(5, 8)}, {s(1, 2)}}, 4, []seg{{s(5, 8)}, {}}},
		{"lost, found in an old block, others behind it", []seg{{s(1, 4)}, {s(6, 8)}, {s(9, 12)}, {s(4, 6)}}, 0, []seg{{s(1, 4)}, {s(6, 8)}, {s(9, 12)}, {}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var found []scanned
			highest := Offset(0)
			for _, spans := range tt.segments {
				sc := scanned{seg: &segment{}, spans: append(seg(nil), spans...)}
				for _, s := range spans {
					sc.seg.records += uint64(s.to - s.from + 1)
					highest = max(highest, s.to)
				}
				sc.bound()
				found = append(found, sc)
			}
			assert.Equal(t, highest, merge(found, tt.settled))
			for i, want := range tt.want {
				assert.Equal(t, want, append(seg{}, found[i].spans...), "segment %d", i)
				var records uint64
				for _, s := range want {
					records += uint64(s.to - s.from + 1)
				}
				assert.Equal(t, records, found[i].seg.records)
			}
		})
	}
}
