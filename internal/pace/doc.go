// Package pace decides when the requests of a sender may start, and how many at once.
//
// It does no I/O, starts no goroutine and knows time only from its caller. A [Gate]
// belongs to one goroutine, which asks Admits before it launches an attempt, keeps
// Round with it, tells Launched, and gives the [Answer] to Settle. It asks again
// when the time of Until has come, or an answer.
//
//  1. A failure closes the gate: nothing starts before Until. The waits are Initial,
//     then Multiplier times as long each time up to Max, for ever, and then spread
//     by Jitter. A success begins them anew.
//  2. At the end of a wait one attempt may start, the probe. After three failures in
//     a row a small batch will do for it; before that it is the batch that failed.
//  3. The probe's success opens the gate for two at once. From there the window
//     doubles per round trip, up to MaxInFlight. A sign of overload (a throttle, a
//     503, a timeout) halves the width up to which it doubles; beyond that it grows
//     by one per round trip.
//  4. A pause that the server asked for is kept to, and up to Jitter longer, so that
//     a fleet that was told the same time does not come back at the same time. It is
//     not a failure and does not make the backoff grow. A throttle that names no
//     time waits as long as a failure would.
//  5. In a hold one probe starts every Hold, until one is delivered.
//  6. After an outage that ended with a wait W of more than 8 s others have a backlog
//     too. Then the window stays at one until 16 attempts in a row were delivered,
//     the probe not counted, and opens as in rule 3 from there. A sign of overload
//     begins that anew and costs a pause of W, spread by half of it, in place of a
//     shorter wait. Four times W after the last sign, or after the outage, this is
//     forgotten.
//  7. Every closing begins a new round. Attempts that were under way then belong to
//     an earlier one. They tell nothing about the probe, so they neither open the
//     gate nor make it wait longer, except for a server's pause that ends later.
//  8. Nudge shortens a wait in PhaseBackoff (rules 1 and 6) to the first step of
//     rule 1, and nothing else.
//  9. A process that finds a backlog begins after a random part of Spread, so that a
//     fleet that is restarted together does not begin together. Somebody who waits
//     for a flush ends that.
//  10. With Jitter at 0 or below nothing is random, and nothing is added.
//
// The numbers of rule 6 come from bench/fleet, which simulates ten thousand of these
// gates before a server that has come back.
package pace
