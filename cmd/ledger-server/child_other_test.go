//go:build !linux

package main

func prepareChild() {}
