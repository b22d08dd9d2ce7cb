// Package form is what tests of faults have in common: a short and a long form,
// randomness that can be repeated, a directory without a slow disk, and a line that says
// what was shown. It depends on no other package of this repository, so that every
// package's own tests can use it.
package form
