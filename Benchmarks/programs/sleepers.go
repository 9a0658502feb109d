// 100,000 goroutines that sleep for a second at the same time.
package main

import (
	"fmt"
	"sync"
	"time"
)

func main() {
	n := 100000
	results := make([]int, n)
	var wg sync.WaitGroup
	wg.Add(n)
	for i := 0; i < n; i++ {
		i := i
		go func() { time.Sleep(time.Second); results[i] = i; wg.Done() }()
	}
	wg.Wait()
	s := 0
	for _, r := range results {
		s += r
	}
	fmt.Println(s)
}
