/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A PF driver that disables its VFs in .remove(), and two ways that lead there: a write to sysfs `unbind`, and a
 * hot-unplug. A scene brings its own sriov_disable().
 */
#ifndef UNDERLOCK_SCENES_PF_H
#define UNDERLOCK_SCENES_PF_H

#include "kernel/kernel.h"

static void sriov_disable(struct pci_dev *dev);

static void pf_remove(struct device *dev)
{
	sriov_disable(to_pci_dev(dev));
}

static struct device_driver pf_driver = { .remove = pf_remove };

static void pf_probe(struct pci_dev *pf)
{
	device_bind_driver(&pf->dev, &pf_driver);
	pci_lock_rescan_remove();
	sriov_add_vfs(pf, 2);
	pci_unlock_rescan_remove();
}

static long unbind_store(void *object, const char *text)
{
	struct pci_dev *dev = object;

	(void)text;
#ifdef FIXED
	pci_lock_rescan_remove();
#endif
	device_release_driver(&dev->dev);
#ifdef FIXED
	pci_unlock_rescan_remove();
#endif
	return 0;
}

static const struct attribute unbind = { .store = unbind_store };

static void by_unbind(void *pf)
{
	vfs_write(&unbind, pf, "0000:01:00.0");
}

static void pciehp_unconfigure_device(void *pf)
{
	pci_lock_rescan_remove();
	pci_stop_and_remove_bus_device(pf);
	pci_unlock_rescan_remove();
}

/* The PF gets its driver and two VFs, and a task of its own takes them away. */
static void once(struct pci_dev *pf, const char *comm, void (*by)(void *))
{
	struct task task;

	pf_probe(pf);
	kthread_run(&task, comm, by, pf);
	kthread_stop(&task);
}

#endif
