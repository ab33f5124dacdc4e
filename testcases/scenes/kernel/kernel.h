/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A kernel in userspace, as small as the scenes need: sleeping mutexes, tasks, devices with drivers, PCI functions that
 * have virtual ones, IRQ descriptors, CPUs. Functions and locks have the names that Linux gives them, so the model
 * `linux` fits; tasks are real threads, and callbacks go through function pointers, as there.
 */
#ifndef UNDERLOCK_SCENES_KERNEL_H
#define UNDERLOCK_SCENES_KERNEL_H

#include <pthread.h>
#include <stddef.h>

/* ---- Locks ---- */

struct mutex {
	pthread_mutex_t lock;
};

#define DEFINE_MUTEX(name) struct mutex name = { PTHREAD_MUTEX_INITIALIZER }
#define mutex_init(m) __mutex_init(m, #m, NULL)

void __mutex_init(struct mutex *lock, const char *name, void *key);
void mutex_lock(struct mutex *lock);
int mutex_trylock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);

/* ---- RCU: readers that nobody waits for but synchronize_rcu() ---- */

void __rcu_read_lock(void);
void __rcu_read_unlock(void);
void synchronize_rcu(void);

static inline __attribute__((always_inline)) void rcu_read_lock(void)
{
	__rcu_read_lock();
}

static inline void rcu_read_unlock(void)
{
	__rcu_read_unlock();
}

/* ---- Tasks, and the way from user space to a callback ---- */

struct task {
	pthread_t thread;
	const char *comm;
	void (*function)(void *argument);
	void *argument;
};

/* A kernel thread that runs function(argument). */
void kthread_run(struct task *task, const char *comm, void (*function)(void *), void *argument);
void kthread_stop(struct task *task);

struct attribute {
	long (*store)(void *object, const char *text);
};

/* A write to a file of sysfs by the calling task. */
long vfs_write(const struct attribute *file, void *object, const char *text);

/* Boot: one flow of control until rest_init(), which runs the init calls and then `scenario` as the first task. */
int start_kernel(void (*scenario)(void));

/* ---- The driver core ---- */

struct device {
	struct mutex mutex;
	struct device_driver *driver;
};

struct device_driver {
	int (*probe)(struct device *dev);
	void (*remove)(struct device *dev);
};

void device_initialize(struct device *dev);
void device_lock(struct device *dev);
void device_unlock(struct device *dev);
void device_bind_driver(struct device *dev, struct device_driver *driver);
/* These call the driver's .probe() and .remove() with the device's lock held. */
int device_driver_attach(struct device_driver *driver, struct device *dev);
void device_release_driver(struct device *dev);

/* ---- PCI ---- */

#define MAX_VFS 4

struct pci_dev {
	struct device dev;
	struct pci_dev *physfn; /* a VF's PF */
	int vf_id;
	struct pci_dev *vf[MAX_VFS];
	int num_vfs;
	int is_added; /* to its bus */
};

#define to_pci_dev(d) ((struct pci_dev *)((char *)(d) - offsetof(struct pci_dev, dev)))

void pci_lock_rescan_remove(void);
void pci_unlock_rescan_remove(void);
void pci_device_init(struct pci_dev *dev);
int pci_iov_add_virtfn(struct pci_dev *dev, int id);
void pci_iov_remove_virtfn(struct pci_dev *dev, int id);
/* The first VFs of a PF; all that it has. */
int sriov_add_vfs(struct pci_dev *dev, int num_vfs);
void sriov_del_vfs(struct pci_dev *dev);
/* Takes the device off its bus. The caller holds the rescan lock. */
void pci_remove_bus_device(struct pci_dev *dev);
/* Releases the driver before. */
void pci_stop_and_remove_bus_device(struct pci_dev *dev);

/* ---- IRQ descriptors ---- */

void irq_lock_sparse(void);
void irq_unlock_sparse(void);
void early_irq_init(void);
/* Both take the sparse lock. */
int irq_alloc_desc(void);
void irq_free_desc(int irq);
/* Moves what is bound to this CPU to others: walks all descriptors. The caller keeps them from changing. */
void irq_migrate_all_off_this_cpu(void);
/* Binds all descriptors to the vectors of this CPU, which comes up: walks them, as the above. */
void setup_vector_irq(void);

#endif
