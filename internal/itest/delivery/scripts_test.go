package delivery

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// play is a way in which a server behaves: judge while the process lives that dies, later
// for the one that comes after it.
type play struct {
	judge, later func(request) answer
	// dead is how many records are dead letters in the end at most.
	dead int
}

// poisoned refuses every request with one of the messages in it.
func poisoned(status int, messages ...string) func(request) answer {
	return func(q request) answer {
		if slices.ContainsFunc(q.messages, func(m string) bool { return slices.Contains(messages, m) }) {
			return refusal(status)
		}
		return accepted
	}
}

// plays are the answers of DESIGN.md section 6 and the accidents between them.
func plays() map[string]play {
	fine := always(accepted)
	all := map[string]play{
		"200":                               {judge: fine},
		"partial":                           {judge: script(partially(3, 17, "bad")), dead: 20},
		"400, poison first":                 {judge: poisoned(400, message(1)), later: poisoned(400, message(1)), dead: 1},
		"400, poison inside":                {judge: poisoned(400, message(33)), later: poisoned(400, message(33)), dead: 1},
		"422, three poisoned":               {judge: poisoned(422, message(5), message(6), message(59)), later: poisoned(422, message(5), message(6), message(59)), dead: 3},
		"400, mended after the restart":     {judge: poisoned(400, message(20)), dead: 1},
		"400 to everything, then 200":       {judge: script(slices.Repeat([]answer{refusal(400)}, 7)...), dead: 2},
		"413 above a size":                  {judge: sized(1500), later: sized(1500)},
		"401 then 200":                      {judge: script(refusal(401))},
		"429 with Retry-After":              {judge: script(answer{status: 429, header: http.Header{"Retry-After": {"7"}}})},
		"503":                               {judge: script(refusal(503), refusal(503), refusal(503), refusal(503))},
		"hang":                              {judge: script(answer{status: 200, after: time.Hour})},
		"hang after storing":                {judge: script(answer{status: 200, keeps: -1, after: time.Hour})},
		"slow":                              {judge: script(answer{status: 200, keeps: -1, after: 20 * time.Second})},
		"reset before the body was read":    {judge: script(answer{err: errReset, unread: true}, answer{err: errReset, unread: true})},
		"reset after the body was read":     {judge: script(answer{err: errReset}, accepted, answer{err: errReset})},
		"reset after storing":               {judge: script(answer{err: errReset, keeps: -1}, accepted, answer{err: errReset, keeps: -1})},
		"garbage for gzip":                  {judge: script(answer{status: 200, header: protobuf(), body: broken, keeps: -1})},
		"wrong content type":                {judge: always(answer{status: 200, header: http.Header{"Content-Type": {"text/html"}}, body: html, keeps: -1})},
		"204":                               {judge: always(answer{status: 204, keeps: -1})},
		"huge answer":                       {judge: always(answer{status: 200, header: protobuf(), body: endless, keeps: -1})},
		"quota":                             {judge: always(partially(20, 0, "daily quota exceeded"))},
		"quota in the middle":               {judge: script(accepted, partially(1, 0, "daily quota exceeded"), partially(1, 0, "daily quota exceeded"))},
		"poison, and resets after storing":  {judge: mixed(0, message(7), message(41)), later: poisoned(400, message(7), message(41)), dead: 2},
		"poison, and everything by chance":  {judge: mixed(1, message(7), message(41)), later: poisoned(400, message(7), message(41)), dead: 60},
		"poison, and everything by chance2": {judge: mixed(2, message(30)), later: poisoned(400, message(30)), dead: 60},
	}
	for name, p := range all {
		if p.later == nil {
			p.later = fine
			all[name] = p
		}
	}
	return all
}

func sized(limit int) func(request) answer {
	return func(q request) answer {
		if q.size > limit {
			return refusal(http.StatusRequestEntityTooLarge)
		}
		return accepted
	}
}

// mixed is a server with poison that in one of three requests does something else; with
// seed 0 it only resets connections.
func mixed(seed uint64, poison ...string) func(request) answer {
	picky := poisoned(400, poison...)
	return func(q request) answer {
		chance := rand.New(rand.NewPCG(seed, uint64(q.n)))
		if chance.IntN(3) > 0 || q.n > 60 {
			return picky(q)
		}
		others := []answer{
			{err: errReset, keeps: -1},
			{err: errReset},
			refusal(503), refusal(429), refusal(401), refusal(500), partially(1, 2, "some"),
			{status: 200, header: protobuf(), body: broken, keeps: -1},
		}
		if seed == 0 {
			others = others[:2]
		}
		return others[chance.IntN(len(others))]
	}
}
