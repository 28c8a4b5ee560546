// Package queue keeps tasks and their records on a NATS server with JetStream,
// for runs that many machines share. To it both are bytes.
//
// Tasks wait in the stream specify-jobs, whose subjects are cut into partitions
// by what must stay together: all tasks of an origin are in one. A partition is
// handed to one worker at a time: its consumer is pinned to that worker
// (ADR-42), which is the mutual exclusion, while a rendezvous hash over the
// workers that are alive says who should try to get the pin. So a wrong idea of
// who is alive costs time, and never puts two workers on an origin.
//
// A task is removed only when its record is in the stream specify-results, so a
// task may be carried out twice, after a crash, but is never lost. Records have
// a message id, and whoever collects them counts each task once: there is one
// record a task. The bucket specify-runs says how far the tasks of a run have
// been put on the queue.
//
// Bodies that are wanted where the records are collected are in the stream
// specify-bodies, from before their record is published until they are fetched.
//
// Nothing is given up because a server does not answer or a stream is full: who
// publishes waits, says so once, and goes on.
//
// A reader starts with queue.go for what there is, publish.go for tasks on their
// way in, work.go for who works on what, collect.go for records on their way
// out, bodies.go for bodies.
package queue
