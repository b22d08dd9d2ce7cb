package main

import (
	"regexp"
	"slices"
	"time"

	"github.com/ledger-sdk/ledger-go/internal/otlp"
	"github.com/ledger-sdk/ledger-go/wal"
)

// selection says which records of a log are meant. The zero value means all.
type selection struct {
	// pending and acked choose by state; both or neither mean all.
	pending, acked bool
	// from and to bound the offset, both included; 0 is no bound.
	from, to wal.Offset
	// since is included and until is not; zero is no bound.
	since, until time.Time
	// level is the lowest severity.
	level int
	// grep matches the message, or an attribute written key=value.
	grep *regexp.Regexp
	// limit is how many of the first records are meant, last how many of the last; 0
	// is no limit. Not both.
	limit, last int
	// dead means the dead letters instead of the records, and reasons which of them; none
	// is all.
	dead    bool
	reasons []string
	// destination whose records are meant, or whose letters. "" is all: a record is
	// pending then as long as it is for one of them.
	destination string
	// attempted has since and until mean when a dead letter was sent last.
	attempted bool
}

// reaches reports whether the record at an offset can be meant, going by what is
// known of it before it is decoded. ended says that no later one can be.
func (s *selection) reaches(o wal.Offset, j *journal) (ok, ended bool) {
	if s.to > 0 && o > s.to {
		return false, true
	}
	if o < s.from {
		return false, false
	}
	if s.pending != s.acked {
		return j.settled(o) == s.acked, s.acked && o > j.end()
	}
	return true, false
}

// matches reports whether a record that is reached is meant.
func (s *selection) matches(r *record) bool {
	if s.dead && !s.matchesLetter(r.letter) {
		return false
	}
	t := r.time()
	if s.attempted && r.letter != nil {
		t = r.letter.Last
	}
	if !s.since.IsZero() && t.Before(s.since) || !s.until.IsZero() && !t.Before(s.until) {
		return false
	}
	if s.level > 0 && r.severity() < s.level {
		return false
	}
	return s.grep == nil || s.greps(r)
}

// matchesLetter reports whether a dead letter is meant, nil being one that cannot be
// read.
func (s *selection) matchesLetter(l *otlp.Letter) bool {
	if l == nil {
		return s.destination == "" && len(s.reasons) == 0
	}
	return (s.destination == "" || l.Destination == s.destination) && (len(s.reasons) == 0 || slices.Contains(s.reasons, l.Reason))
}

func (s *selection) greps(r *record) bool {
	if s.grep.MatchString(r.message()) {
		return true
	}
	for _, a := range r.rec.Attrs {
		if s.grep.MatchString(a.Key + "=" + valueText(a.Value.Any())) {
			return true
		}
	}
	return false
}
