// Package routers shows that package middleware works with chi and gorilla/mux without
// an adapter: one record per request, with the pattern that the router matched.
package routers
