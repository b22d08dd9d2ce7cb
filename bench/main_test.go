package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuartiles(t *testing.T) {
	assert.Equal(t, [3]int{2, 3, 4}, quartiles([]int{5, 1, 3, 2, 4}))
	assert.Equal(t, [3]int{7, 7, 7}, quartiles([]int{7}))
}

// Every variant does its work: a variant that fails would look fast.
func TestEveryVariantRuns(t *testing.T) {
	for _, table := range tables() {
		for _, v := range table.variants {
			for _, g := range []int{1, 3} {
				took, err := once(v, g, 10)
				require.NoError(t, err, v.name)
				assert.Positive(t, took, v.name)
			}
		}
	}
	require.NoError(t, measureTail(1, 5*time.Millisecond))
}
