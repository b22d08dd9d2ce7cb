// Package query answers questions about stored records: HTTP in, JSON out, in
// the form of the platform's query API.
//
//	GET /api/v1/logs        newest first, filtered, in pages
//	GET /api/v1/logs/{id}   one record
//
// Its later neighbours (facets, histogram, live tail) belong here too: parameters
// are read in params.go, for all of them in the same way, and a record is shown
// by view.go, so that every route shows it alike.
//
// Invariants:
//
//	Q1  A parameter that is unknown, given twice or not understood is an error
//	    that names it. A filter with a typo must not answer as no filter would.
//	Q2  A cursor is a place among the records, not a number of records to skip:
//	    pages do not shift when records arrive.
//	Q3  No answer shows the inside of the server; errors of the store go to the
//	    log.
package query
