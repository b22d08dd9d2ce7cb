// Package setup is what the programs beside it have in common: a client from the
// environment, and an end that delivers what it can.
package setup
