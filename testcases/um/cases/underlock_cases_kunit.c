// SPDX-License-Identifier: (Apache-2.0 WITH LLVM-exception) OR GPL-2.0-only
/*
 * KUnit cases that pass and are wrong all the same, each beside its clean twin. `run cases` puts this file into a kernel's
 * tree; what has to be found in which case is in findings.txt.
 */
#include <kunit/test.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

struct shelf {
	struct mutex lock;
	struct list_head items;
	int count;
};

struct item {
	struct list_head on_shelf;
};

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_MUTEX(third);
static DEFINE_MUTEX(fourth);

/* The event of cases.yaml: an item is taken off its shelf, which needs the shelf's lock. */
static noinline void take_off(struct shelf *shelf, struct item *item)
{
	list_del(&item->on_shelf);
	shelf->count--;
}

static void put_on(struct shelf *shelf, struct item *item)
{
	mutex_lock(&shelf->lock);
	list_add(&item->on_shelf, &shelf->items);
	shelf->count++;
	mutex_unlock(&shelf->lock);
}

static struct shelf *make_shelf(struct kunit *test)
{
	struct shelf *shelf = kunit_kzalloc(test, sizeof(*shelf), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shelf);
	mutex_init(&shelf->lock);
	INIT_LIST_HEAD(&shelf->items);
	return shelf;
}

static void both(struct mutex *outer, struct mutex *inner)
{
	mutex_lock(outer);
	mutex_lock(inner);
	mutex_unlock(inner);
	mutex_unlock(outer);
}

static void abba(struct kunit *test)
{
	both(&first, &second);
	both(&second, &first);
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&first));
}

static void same_order(struct kunit *test)
{
	both(&third, &fourth);
	both(&third, &fourth);
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&third));
}

static void taken_bare(struct kunit *test)
{
	struct shelf *shelf = make_shelf(test);
	struct item item;

	put_on(shelf, &item);
	take_off(shelf, &item);
	KUNIT_EXPECT_EQ(test, shelf->count, 0);
}

static void taken_locked(struct kunit *test)
{
	struct shelf *shelf = make_shelf(test);
	struct item item;

	put_on(shelf, &item);
	mutex_lock(&shelf->lock);
	take_off(shelf, &item);
	mutex_unlock(&shelf->lock);
	KUNIT_EXPECT_EQ(test, shelf->count, 0);
}

/* The case waits, a worker does it: still this case's finding. */
struct job {
	struct work_struct work;
	struct shelf *shelf;
	struct item item;
};

static void do_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	take_off(job->shelf, &job->item);
}

static void taken_by_worker(struct kunit *test)
{
	struct job job = { .shelf = make_shelf(test) };

	INIT_WORK_ONSTACK(&job.work, do_job);
	put_on(job.shelf, &job.item);
	schedule_work(&job.work);
	flush_work(&job.work);
	destroy_work_on_stack(&job.work);
	KUNIT_EXPECT_EQ(test, job.shelf->count, 0);
}

static struct kunit_case order_cases[] = {
	KUNIT_CASE(abba),
	KUNIT_CASE(same_order),
	{}
};

static struct kunit_suite order_suite = {
	.name = "underlock_order",
	.test_cases = order_cases,
};

static struct kunit_case shelf_cases[] = {
	KUNIT_CASE(taken_locked),
	KUNIT_CASE(taken_bare),
	KUNIT_CASE(taken_by_worker),
	{}
};

static struct kunit_suite shelf_suite = {
	.name = "underlock_shelf",
	.test_cases = shelf_cases,
};

kunit_test_suites(&order_suite, &shelf_suite);

MODULE_LICENSE("GPL");
