// 200,000 goroutines, one after the other, each of which gives its result through a channel.
package main

import "fmt"

func f(i int) int { return i }
func main() {
	sum := 0
	for i := 0; i < 200000; i++ {
		c := make(chan int)
		go func() { c <- f(i) }()
		sum += <-c
	}
	fmt.Println(sum)
}
