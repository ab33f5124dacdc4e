/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Locks, tasks, boot and the driver core. */
#define _GNU_SOURCE /* pthread_setname_np */
#include "kernel.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

void __mutex_init(struct mutex *lock, const char *name, void *key)
{
	(void)name, (void)key;
	pthread_mutex_init(&lock->lock, NULL);
}

void mutex_lock(struct mutex *lock)
{
	pthread_mutex_lock(&lock->lock);
}

int mutex_trylock(struct mutex *lock)
{
	return pthread_mutex_trylock(&lock->lock) == 0;
}

void mutex_unlock(struct mutex *lock)
{
	pthread_mutex_unlock(&lock->lock);
}

static atomic_int readers;

void __rcu_read_lock(void)
{
	atomic_fetch_add(&readers, 1);
}

void __rcu_read_unlock(void)
{
	atomic_fetch_sub(&readers, 1);
}

void synchronize_rcu(void)
{
	while (atomic_load(&readers))
		sched_yield();
}

/* The last that a task calls: there, says the model, it ends. */
static void do_task_dead(void)
{
}

static void *kthread(void *argument)
{
	struct task *task = argument;

	pthread_setname_np(pthread_self(), task->comm);
	task->function(task->argument);
	do_task_dead();
	return NULL;
}

void kthread_run(struct task *task, const char *comm, void (*function)(void *), void *argument)
{
	task->comm = comm;
	task->function = function;
	task->argument = argument;
	if (pthread_create(&task->thread, NULL, kthread, task)) {
		perror("pthread_create");
		exit(3);
	}
}

void kthread_stop(struct task *task)
{
	pthread_join(task->thread, NULL);
}

long vfs_write(const struct attribute *file, void *object, const char *text)
{
	return file->store(object, text);
}

/* The init calls. */
static void do_basic_setup(void)
{
}

static void rest_init(void)
{
	do_basic_setup();
}

int start_kernel(void (*scenario)(void))
{
	early_irq_init();
	rest_init();
	scenario();
	return 0;
}

void device_initialize(struct device *dev)
{
	mutex_init(&dev->mutex);
	dev->driver = NULL;
}

void device_lock(struct device *dev)
{
	mutex_lock(&dev->mutex);
}

void device_unlock(struct device *dev)
{
	mutex_unlock(&dev->mutex);
}

void device_bind_driver(struct device *dev, struct device_driver *driver)
{
	device_lock(dev);
	dev->driver = driver;
	device_unlock(dev);
}

static int really_probe(struct device *dev, struct device_driver *driver)
{
	int error;

	dev->driver = driver;
	error = driver->probe(dev);
	if (error)
		dev->driver = NULL;
	return error;
}

int device_driver_attach(struct device_driver *driver, struct device *dev)
{
	int error = 0;

	device_lock(dev);
	if (!dev->driver)
		error = really_probe(dev, driver);
	device_unlock(dev);
	return error;
}

void device_release_driver(struct device *dev)
{
	device_lock(dev);
	if (dev->driver) {
		dev->driver->remove(dev);
		dev->driver = NULL;
	}
	device_unlock(dev);
}
