package harness

import (
	"slices"
	"time"
)

// Audit compares what was answered with what a server stored.
type Audit struct {
	Answered  int
	Missing   []string // answered and not stored
	Broken    []string // those of Missing that were proven to be synced: a broken promise
	Uncertain int      // answered and not proven to be synced
}

// Check audits answers against stored, which holds how often the server has each
// request id. Answers before cutoff were synced; a zero cutoff proves nothing.
func Check(answers []Answer, stored map[string]int, cutoff time.Time) Audit {
	a := Audit{Answered: len(answers)}
	for _, answer := range answers {
		synced := answer.At.Before(cutoff)
		if !synced {
			a.Uncertain++
		}
		if stored[answer.ID] > 0 {
			continue
		}
		a.Missing = append(a.Missing, answer.ID)
		if synced {
			a.Broken = append(a.Broken, answer.ID)
		}
	}
	return a
}

// Add sums two audits, of two lives of a service for example.
func (a Audit) Add(b Audit) Audit {
	return Audit{
		Answered:  a.Answered + b.Answered,
		Missing:   append(slices.Clip(a.Missing), b.Missing...),
		Broken:    append(slices.Clip(a.Broken), b.Broken...),
		Uncertain: a.Uncertain + b.Uncertain,
	}
}

// Duplicates returns how many of the stored requests are there more than once.
func Duplicates(stored map[string]int) int {
	n := 0
	for _, times := range stored {
		if times > 1 {
			n++
		}
	}
	return n
}
