package koji

import "testing"

func BenchmarkHello(b *testing.B) {
	c := newFront(b).anonymous()
	for b.Loop() {
		c.must("hello")
	}
}

func BenchmarkHelloWithSession(b *testing.B) {
	c := newFront(b).login("ada")
	for b.Loop() {
		c.must("hello")
	}
}

func BenchmarkWrite(b *testing.B) {
	f := newFront(b)
	c := f.login("builder1")
	c.must("exclusiveSession")
	for b.Loop() {
		c.must("sharedSession")
	}
}
