// Package pace decides when the requests of a sender may start.
package pace
