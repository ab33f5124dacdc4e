/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A PF driver that disables its VFs in .remove(), as many do. Four ways lead there: a write to sysfs `remove`,
 * hot-unplug and EEH recovery hold the rescan lock; a write to `unbind` does not. No unconditional lock inside can be
 * right: see tempting-fix.c.
 *
 * model: linux
 * broken: contract:vf-remove-locked observed; stack pci_iov_remove_virtfn sriov_disable pf_remove device_release_driver
 *     unbind_store vfs_write; held device.mutex; missing pci_rescan_remove_lock
 * exercises: vf-remove-locked vf-add-locked
 */
#include "kernel/kernel.h"

static void sriov_disable(struct pci_dev *dev)
{
	for (int id = MAX_VFS - 1; id >= 0; id--)
		if (dev->vf[id])
			pci_iov_remove_virtfn(dev, id);
}

static void pf_remove(struct device *dev)
{
	sriov_disable(to_pci_dev(dev));
}

static struct device_driver pf_driver = { .remove = pf_remove };

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

static long remove_store(void *object, const char *text)
{
	(void)text;
	pci_lock_rescan_remove();
	pci_stop_and_remove_bus_device(object);
	pci_unlock_rescan_remove();
	return 0;
}

static const struct attribute unbind = { .store = unbind_store }, remove_file = { .store = remove_store };

static void by_unbind(void *pf)
{
	vfs_write(&unbind, pf, "0000:01:00.0");
}

static void by_remove(void *pf)
{
	vfs_write(&remove_file, pf, "1");
}

static void pciehp_unconfigure_device(void *pf)
{
	pci_lock_rescan_remove();
	pci_stop_and_remove_bus_device(pf);
	pci_unlock_rescan_remove();
}

static void eeh_rmv_device(void *pf)
{
	pci_lock_rescan_remove();
	pci_stop_and_remove_bus_device(pf);
	pci_unlock_rescan_remove();
}

/* Bound, with two VFs, and removed by a task of its own. */
static void once(const char *comm, void (*by)(void *))
{
	struct pci_dev pf;
	struct task task;

	pci_device_init(&pf);
	device_bind_driver(&pf.dev, &pf_driver);
	pci_lock_rescan_remove();
	pci_iov_add_virtfn(&pf, 0);
	pci_iov_add_virtfn(&pf, 1);
	pci_unlock_rescan_remove();
	kthread_run(&task, comm, by, &pf);
	kthread_stop(&task);
}

static void scenario(void)
{
	once("sh", by_remove);
	once("pciehp", pciehp_unconfigure_device);
	once("eehd", eeh_rmv_device);
	once("sh", by_unbind);
}

int main(void)
{
	return start_kernel(scenario);
}
