package main

// event is something that happens to a shipper at a time: an answer to b, the server
// storing b, or, without b, a look at what is due.
type event struct {
	at      int64 // nanoseconds since the start
	seq     int64 // of two at the same time, the one planned first
	shipper *shipper
	batch   *batch
	answer  answer // zero: b is stored
}

func (e *event) before(o *event) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// queue is a heap of events. It is not that of the standard library, which allocates
// for every event: there are tens of millions.
type queue struct {
	heap []event
	seq  int64
}

func (q *queue) push(e event) {
	q.seq++
	e.seq = q.seq
	q.heap = append(q.heap, e)
	for i := len(q.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if q.heap[up].before(&e) {
			break
		}
		q.heap[i], q.heap[up] = q.heap[up], e
		i = up
	}
}

// pop takes out the first event. There is one.
func (q *queue) pop() event {
	first, last := q.heap[0], len(q.heap)-1
	e := q.heap[last]
	q.heap[last] = event{}
	q.heap = q.heap[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			if last > 0 {
				q.heap[i] = e
			}
			return first
		}
		if down+1 < last && q.heap[down+1].before(&q.heap[down]) {
			down++
		}
		if e.before(&q.heap[down]) {
			q.heap[i] = e
			return first
		}
		q.heap[i] = q.heap[down]
		i = down
	}
}
