// SPDX-License-Identifier: MIT
//
// What Go takes for the same operations, in the same form of rows. bench/run builds it when Go is
// there and runs it with GOMAXPROCS=1, which is what one simulated processor compares with. As for
// simulated runs the processor's time is taken, so that both are comparable on a busy machine.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// nsEach times op, grown until it takes as long as BENCH_SECS asks, per unit of n.
func nsEach(budget time.Duration, op func(n int)) float64 {
	for n := 64; ; n *= 2 {
		start := cpuTime()
		op(n)
		if took := cpuTime() - start; took >= budget {
			return float64(took.Nanoseconds()) / float64(n)
		}
	}
}

func pingPong(n int) {
	there, back := make(chan int), make(chan int)
	go func() {
		for v := range there {
			back <- v
		}
		close(back)
	}()
	for i := 0; i < n; i++ {
		there <- i
		<-back
	}
	close(there)
	<-back
}

// buffered passes n messages through a channel of 100 with as many senders as receivers.
func buffered(pairs int) func(int) {
	return func(n int) {
		ch := make(chan int, 100)
		var senders, receivers sync.WaitGroup
		for p := 0; p < pairs; p++ {
			senders.Add(1)
			receivers.Add(1)
			go func() {
				for i := 0; i < n/pairs; i++ {
					ch <- i
				}
				senders.Done()
			}()
			go func() {
				for range ch {
				}
				receivers.Done()
			}()
		}
		senders.Wait()
		close(ch)
		receivers.Wait()
	}
}

func sameTask(n int) {
	ch := make(chan int, 100)
	for i := 0; i < n; i++ {
		ch <- i
		<-ch
	}
}

// sources makes k channels, each with a task that sends on it so many times.
func sources(k, each int) []chan int {
	var chs []chan int
	for i := 0; i < k; i++ {
		ch := make(chan int)
		chs = append(chs, ch)
		go func() {
			for j := 0; j < each; j++ {
				ch <- j
			}
		}()
	}
	return chs
}

func selectTwo(n int) {
	c := sources(2, (n+1)/2)
	for i := 0; i < (n+1)/2*2; i++ {
		select {
		case <-c[0]:
		case <-c[1]:
		}
	}
}

func selectEight(n int) {
	c := sources(8, (n+7)/8)
	for i := 0; i < (n+7)/8*8; i++ {
		select {
		case <-c[0]:
		case <-c[1]:
		case <-c[2]:
		case <-c[3]:
		case <-c[4]:
		case <-c[5]:
		case <-c[6]:
		case <-c[7]:
		}
	}
}

func spawnJoin(group int) func(int) {
	return func(n int) {
		var wg sync.WaitGroup
		for i := 0; i < n; i += group {
			wg.Add(group)
			for j := 0; j < group; j++ {
				go wg.Done()
			}
			wg.Wait()
		}
	}
}

func yield(n int) {
	var wg sync.WaitGroup
	wg.Add(2)
	for t := 0; t < 2; t++ {
		go func() {
			for i := 0; i < n/2; i++ {
				runtime.Gosched()
			}
			wg.Done()
		}()
	}
	wg.Wait()
}

func main() {
	budget := 250 * time.Millisecond
	if s, err := strconv.ParseFloat(os.Getenv("BENCH_SECS"), 64); err == nil && s > 0 {
		budget = time.Duration(s * float64(time.Second))
	}
	cases := []struct {
		area, name, unit string
		op               func(int)
	}{
		{"A", "pingpong", "ns/rt", pingPong},
		{"A", "buf100 1P1C", "ns/msg", buffered(1)},
		{"A", "buf100 4P4C", "ns/msg", buffered(4)},
		{"A", "buf100 same task", "ns/pair", sameTask},
		{"A", "select 2", "ns/msg", selectTwo},
		{"A", "select 8", "ns/msg", selectEight},
		{"B", "switch", "ns/switch", yield},
		{"C", "spawn+join 1", "ns", spawnJoin(1)},
		{"C", "spawn+join x1000", "ns", spawnJoin(1000)},
	}
	for _, c := range cases {
		fmt.Printf("%s\t%s\tGo\tGOMAXPROCS=%d\t%s\t%.6g\n", c.area, c.name,
			runtime.GOMAXPROCS(0), c.unit, nsEach(budget, c.op))
	}
	fmt.Printf("G\tM/M/8\tGo\tgoroutine per job\tjobs/s\t%.6g\n", 1e9/nsEach(budget, multiServer))
	for _, tasks := range []int{100, 10000} {
		fmt.Printf("G\thold\tGo\t%d sleeping tasks\twake-ups/s\t%.6g\n", tasks,
			1e9/nsEach(budget, sleepers(tasks)))
	}
}
