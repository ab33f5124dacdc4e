/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Rescan against remove, the third hang of a real kernel: a write to a device's `rescan` file holds the file's active
 * reference and wants the rescan lock; a write to `remove` holds that lock and waits until nobody is in the device's
 * files any more. One shell did both, one after the other, so that it did not happen. The fixed twin's `rescan` only
 * tries to get the lock, and gives up when it is busy.
 *
 * model: linux
 * broken: order:wait-cycle assumed; locks kernfs-active pci_rescan_remove_lock; functions rescan_store kernfs_remove
 */
#include "kernel/kernel.h"

#include <unistd.h>

/* fs/kernfs: a node counts who is in its operations. */
struct kernfs_node {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	int active, removed;
	const struct attribute *file;
};

static struct kernfs_node *kernfs_get_active(struct kernfs_node *kn)
{
	int removed;

	pthread_mutex_lock(&kn->lock);
	removed = kn->removed;
	kn->active += !removed;
	pthread_mutex_unlock(&kn->lock);
	return removed ? NULL : kn;
}

static void kernfs_put_active(struct kernfs_node *kn)
{
	pthread_mutex_lock(&kn->lock);
	if (--kn->active == 0)
		pthread_cond_broadcast(&kn->idle);
	pthread_mutex_unlock(&kn->lock);
}

static void kernfs_drain(struct kernfs_node *kn)
{
	pthread_mutex_lock(&kn->lock);
	kn->removed = 1;
	while (kn->active)
		pthread_cond_wait(&kn->idle, &kn->lock);
	pthread_mutex_unlock(&kn->lock);
}

static void kernfs_remove(struct kernfs_node *kn)
{
	kernfs_drain(kn);
}

static void kernfs_fop_write(struct kernfs_node *kn, void *object)
{
	if (!kernfs_get_active(kn))
		return;
	vfs_write(kn->file, object, "1");
	kernfs_put_active(kn);
}

/* drivers/pci/pci-sysfs.c */
static DEFINE_MUTEX(pci_rescan_remove_lock);
static int scans;

static long rescan_store(void *object, const char *text)
{
	(void)object, (void)text;
#ifdef FIXED
	if (!mutex_trylock(&pci_rescan_remove_lock))
		return -1;
#else
	mutex_lock(&pci_rescan_remove_lock);
#endif
	scans++;
	mutex_unlock(&pci_rescan_remove_lock);
	return 1;
}

static long remove_store(void *rescan, const char *text)
{
	(void)text;
	mutex_lock(&pci_rescan_remove_lock);
	kernfs_remove(rescan);
	mutex_unlock(&pci_rescan_remove_lock);
	return 1;
}

static const struct attribute rescan_file = { rescan_store }, remove_file = { remove_store };

static struct kernfs_node rescan = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, &rescan_file };
static struct kernfs_node remove_node = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, &remove_file };

static void echo_to_rescan(void *unused)
{
	(void)unused;
	kernfs_fop_write(&rescan, NULL);
}

static void echo_to_remove(void *unused)
{
	(void)unused;
#ifdef TWO_SHELLS
	usleep(30 * 1000);
#endif
	kernfs_fop_write(&remove_node, &rescan);
}

#ifdef TWO_SHELLS /* testcases/confirm: nothing but some milliseconds keeps them apart */
static void scenario(void)
{
	struct task sh, other;

	kthread_run(&sh, "sh", echo_to_rescan, NULL);
	kthread_run(&other, "sh", echo_to_remove, NULL);
	kthread_stop(&sh);
	kthread_stop(&other);
}
#else
static void shell(void *unused)
{
	echo_to_rescan(unused);
	echo_to_remove(unused);
}

static void scenario(void)
{
	struct task sh;

	kthread_run(&sh, "sh", shell, NULL);
	kthread_stop(&sh);
}
#endif

int main(void)
{
	return start_kernel(scenario);
}
