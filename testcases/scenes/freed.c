/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * The last reference is dropped and the object freed with its own lock held; the unlock behind it writes to freed memory.
 * A growing table is moved by realloc() with the lock in its head held. The fixed twin unlocks first, in both.
 *
 * model: posix
 * broken: self:freed-held observed; held node.lock; locks node.lock
 * broken: self:freed-held observed; held table.lock; locks table.lock
 */
#include <pthread.h>
#include <stdlib.h>

struct node {
	pthread_mutex_t lock;
	int references;
};

static void node_put(struct node *node)
{
	pthread_mutex_lock(&node->lock);
#ifdef FIXED
	int left = --node->references;

	pthread_mutex_unlock(&node->lock);
	if (!left)
		free(node);
#else
	if (--node->references == 0) {
		free(node);
		return;
	}
	pthread_mutex_unlock(&node->lock);
#endif
}

struct table {
	pthread_mutex_t lock;
	int size;
	long rows[];
};

static struct table *table_grow(struct table *table)
{
	int size;

	pthread_mutex_lock(&table->lock);
	size = table->size += 100;
#ifdef FIXED
	pthread_mutex_unlock(&table->lock);
#endif
	return realloc(table, sizeof(*table) + size * sizeof(*table->rows));
}

int main(void)
{
	struct node *node = calloc(1, sizeof(*node));
	struct table *table = calloc(1, sizeof(*table));

	if (!node || !table)
		abort();
	pthread_mutex_init(&node->lock, NULL);
	node->references = 2;
	node_put(node);
	node_put(node);
	table = table_grow(table);
	free(table);
	return 0;
}
