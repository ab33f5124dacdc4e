/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A proposal: drivers are detached before the rescan lock is taken to remove their device, no callback runs with the
 * lock held, and sriov_enable() and sriov_disable() take it themselves. That is right on every way there is, as long as
 * what is left to do under the lock takes no device's lock: the broken twin's removal looks for a driver once more. (A
 * VF's own lock below the PF's and the rescan lock is another instance: possible at most.)
 *
 * model: linux
 * broken: order:inversion assumed; locks device.mutex pci_rescan_remove_lock;
 *     functions sriov_enable pci_stop_and_remove_bus_device
 * exercises: vf-add-locked vf-remove-locked
 */
#include "kernel/kernel.h"

#include <stdlib.h>

static int sriov_enable(struct pci_dev *dev, int num_vfs)
{
	int error;

	pci_lock_rescan_remove();
	error = sriov_add_vfs(dev, num_vfs);
	pci_unlock_rescan_remove();
	return error;
}

static void sriov_disable(struct pci_dev *dev)
{
	for (int id = 0; id < MAX_VFS; id++)
		if (dev->vf[id])
			device_release_driver(&dev->vf[id]->dev);
	pci_lock_rescan_remove();
	sriov_del_vfs(dev);
	pci_unlock_rescan_remove();
}

static int pf_probe(struct device *dev)
{
	return sriov_enable(to_pci_dev(dev), 2);
}

static void pf_remove(struct device *dev)
{
	sriov_disable(to_pci_dev(dev));
}

static struct device_driver pf_driver = { .probe = pf_probe, .remove = pf_remove };

static void remove_device(void *argument)
{
	struct pci_dev *dev = argument;

	device_release_driver(&dev->dev);
	pci_lock_rescan_remove();
#ifdef FIXED
	pci_remove_bus_device(dev);
#else
	pci_stop_and_remove_bus_device(dev);
#endif
	pci_unlock_rescan_remove();
}

static long sriov_numvfs_store(void *object, const char *text)
{
	struct pci_dev *dev = object;

	device_lock(&dev->dev);
	if (atoi(text))
		sriov_enable(dev, atoi(text));
	else
		sriov_disable(dev);
	device_unlock(&dev->dev);
	return 0;
}

static long unbind_store(void *object, const char *text)
{
	(void)text;
	device_release_driver(object);
	return 0;
}

static long remove_store(void *object, const char *text)
{
	(void)text;
	remove_device(object);
	return 0;
}

static const struct attribute sriov_numvfs = { .store = sriov_numvfs_store }, unbind = { .store = unbind_store };
static const struct attribute remove_file = { .store = remove_store };

static void shell(void *argument)
{
	struct pci_dev *pf = argument;

	device_driver_attach(&pf_driver, &pf->dev);
	vfs_write(&sriov_numvfs, pf, "0");
	vfs_write(&sriov_numvfs, pf, "3");
	vfs_write(&unbind, &pf->dev, "0000:01:00.0");
	device_driver_attach(&pf_driver, &pf->dev);
	vfs_write(&remove_file, pf, "1");
}

static void scenario(void)
{
	struct pci_dev pf;
	struct task sh, pciehp;

	pci_device_init(&pf);
	kthread_run(&sh, "sh", shell, &pf);
	kthread_stop(&sh);
	pci_device_init(&pf);
	device_driver_attach(&pf_driver, &pf.dev);
	kthread_run(&pciehp, "pciehp", remove_device, &pf);
	kthread_stop(&pciehp);
}

int main(void)
{
	return start_kernel(scenario);
}
