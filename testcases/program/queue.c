/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The program of the README's example: a job is dropped under the queue's lock, and once without it. */
#include <pthread.h>
#include <stdlib.h>

struct job {
	struct job *next;
};

struct queue {
	pthread_mutex_t lock;
	struct job *first;
};

static void drop_job(struct queue *queue)
{
	struct job *job = queue->first;

	queue->first = job->next;
	free(job);
}

static void add_job(struct queue *queue)
{
	struct job *job = malloc(sizeof(*job));

	job->next = queue->first;
	queue->first = job;
}

static void shut_down(struct queue *queue)
{
	while (queue->first)
		drop_job(queue);
}

int main(void)
{
	struct queue queue = { .first = NULL };

	pthread_mutex_init(&queue.lock, NULL);
	pthread_mutex_lock(&queue.lock);
	add_job(&queue);
	add_job(&queue);
	drop_job(&queue);
	pthread_mutex_unlock(&queue.lock);
	shut_down(&queue);
	pthread_mutex_destroy(&queue.lock);
	return 0;
}
