// Package exchange makes the record of one served request, whatever served it:
// net/http, fasthttp, a framework. The conventions (names, levels, statuses, what an
// ending means) are written here once, so that two adapters cannot disagree.
//
// An adapter fills in [Facts], calls Settle, which fixes status and level, and Log.
// What the code inside of a request may change of its record is [State].
package exchange
