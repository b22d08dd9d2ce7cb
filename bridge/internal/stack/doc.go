// Package stack says which stack a record of a foreign logger gets, by the rule of
// the client's slog handler, so that a server groups the same error in the same way
// whichever library logged it.
package stack
