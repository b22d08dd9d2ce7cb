// Package delivery shows, over the real client and in time of its own, what becomes of
// records whatever a server answers and wherever the process dies.
//
// Its tests run in synctest bubbles: the network is a function, hours of an outage pass in
// milliseconds, and while a request is being answered nothing else happens. So the
// directory can be copied at any stage of a request, and the copy is what a kill at that
// moment would have left.
//
// # What is checked
//
//   - D1 (L2) At every moment, and in every copy, the books of every destination balance,
//     and their reasons add up.
//   - D2 (S1) Every record that was accepted was delivered, or is a dead letter, or waits,
//     or was evicted; none waits and is a dead letter too. From every copy all arrive in
//     the end, or are dead letters.
//   - D3 What is stored as settled is not sent again.
//   - D4 (S2) A record has the same bytes each time it arrives.
//   - D5 No destination delays another, whatever its server does.
//   - D6 No window of a minute or an hour sees more than its limit, over kills too.
//
// LEDGER_CRASH=long takes every stage of every request; the short form some of them.
package delivery
