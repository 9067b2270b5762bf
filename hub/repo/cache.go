package repo

import (
	"slices"
	"sync"
)

// cache keeps what was used last, up to a weight. Each of a repository's
// packages weighs one: they are what the memory goes to.
type cache[K comparable, V any] struct {
	most   int
	weight func(V) int

	mu   sync.Mutex
	sum  int
	held map[K]V
	used []K // the last one last
}

func newCache[K comparable, V any](most int, weight func(V) int) *cache[K, V] {
	return &cache[K, V]{most: most, weight: weight, held: map[K]V{}}
}

// get gives what is kept for a key, or nothing.
func (c *cache[K, V]) get(k K) (v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.held[k]
	if ok {
		c.used = append(slices.DeleteFunc(c.used, func(u K) bool { return u == k }), k)
	}
	return v
}

// put keeps a value, in the place of an earlier one.
func (c *cache[K, V]) put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(k)
	c.held[k], c.used, c.sum = v, append(c.used, k), c.sum+c.weight(v)
	for c.sum > c.most && len(c.used) > 0 {
		c.drop(c.used[0])
	}
}

// clear forgets all.
func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.held)
	c.used, c.sum = nil, 0
}

// drop forgets a key; c.mu is held.
func (c *cache[K, V]) drop(k K) {
	if v, ok := c.held[k]; ok {
		delete(c.held, k)
		c.sum -= c.weight(v)
		c.used = slices.DeleteFunc(c.used, func(u K) bool { return u == k })
	}
}
