// SPDX-License-Identifier: MIT
package main

import (
	"container/heap"
	"math/rand"
)

// A simulation in the style that Go offers: each process is a goroutine, one of them runs at a
// time, and the virtual clock goes on when it hands the baton back.

type wakeUp struct {
	at   float64
	nth  int
	task chan struct{}
}
type agenda []wakeUp

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if a[i].at != a[j].at {
		return a[i].at < a[j].at
	}
	return a[i].nth < a[j].nth
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(wakeUp)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}

type world struct {
	now    float64
	nth    int
	todo   agenda
	baton  chan struct{}
	random *rand.Rand
}

func newWorld() *world {
	return &world{baton: make(chan struct{}), random: rand.New(rand.NewSource(1))}
}

func (w *world) wake(task chan struct{}, after float64) {
	w.nth++
	heap.Push(&w.todo, wakeUp{w.now + after, w.nth, task})
}

// park gives the baton back and waits to be woken.
func (w *world) park(me chan struct{}) {
	w.baton <- struct{}{}
	<-me
}

func (w *world) sleep(me chan struct{}, span float64) {
	w.wake(me, span)
	w.park(me)
}

func (w *world) spawn(body func(me chan struct{})) {
	me := make(chan struct{})
	go func() {
		<-me
		body(me)
		w.baton <- struct{}{}
	}()
	w.wake(me, 0)
}

func (w *world) run() {
	for len(w.todo) > 0 {
		next := heap.Pop(&w.todo).(wakeUp)
		w.now = next.at
		next.task <- struct{}{}
		<-w.baton
	}
}

// multiServer is M/M/8 at 80 % load: n jobs, each a process.
func multiServer(n int) {
	w := newWorld()
	idle := 8
	var queue []chan struct{}
	serve := func(me chan struct{}) {
		if idle > 0 {
			idle--
		} else {
			queue = append(queue, me)
			w.park(me)
		}
		w.sleep(me, w.random.ExpFloat64())
		if len(queue) == 0 {
			idle++
			return
		}
		first := queue[0]
		queue = queue[1:]
		w.wake(first, 0)
	}
	w.spawn(func(me chan struct{}) {
		for i := 0; i < n; i++ {
			w.sleep(me, w.random.ExpFloat64()/6.4)
			w.spawn(serve)
		}
	})
	w.run()
}

// sleepers is so many tasks that only sleep, n wake-ups in all.
func sleepers(tasks int) func(int) {
	return func(n int) {
		w := newWorld()
		for i := 0; i < tasks; i++ {
			w.spawn(func(me chan struct{}) {
				for n > 0 {
					n--
					w.sleep(me, w.random.ExpFloat64())
				}
			})
		}
		w.run()
	}
}
