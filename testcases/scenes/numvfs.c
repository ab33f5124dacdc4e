/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Virtual functions made and removed by a write to sriov_numvfs. Until 2025 sriov_numvfs_store() called the driver with
 * the device's lock alone; since then it takes the rescan lock around that.
 *
 * model: linux
 * broken: contract:vf-add-locked observed; stack pci_iov_add_virtfn sriov_enable pf_sriov_configure sriov_numvfs_store
 *     vfs_write; held device.mutex; missing pci_rescan_remove_lock
 * broken: contract:vf-remove-locked observed; stack pci_iov_remove_virtfn sriov_disable pf_sriov_configure
 *     sriov_numvfs_store vfs_write; held device.mutex; missing pci_rescan_remove_lock
 * exercises: vf-remove-locked vf-add-locked
 */
#include "kernel/kernel.h"

#include <stdlib.h>

static int sriov_enable(struct pci_dev *dev, int num_vfs)
{
	return sriov_add_vfs(dev, num_vfs);
}

static void sriov_disable(struct pci_dev *dev)
{
	sriov_del_vfs(dev);
}

static int pf_sriov_configure(struct pci_dev *dev, int num_vfs)
{
	if (num_vfs)
		return sriov_enable(dev, num_vfs);
	sriov_disable(dev);
	return 0;
}

/* What a driver registers. */
static int (*sriov_configure)(struct pci_dev *dev, int num_vfs) = pf_sriov_configure;

static long sriov_numvfs_store(void *object, const char *text)
{
	struct pci_dev *dev = object;
	long result;

	device_lock(&dev->dev);
#ifdef FIXED
	pci_lock_rescan_remove();
#endif
	result = sriov_configure(dev, atoi(text));
#ifdef FIXED
	pci_unlock_rescan_remove();
#endif
	device_unlock(&dev->dev);
	return result;
}

static const struct attribute sriov_numvfs = { .store = sriov_numvfs_store };

static void shell(void *pf)
{
	vfs_write(&sriov_numvfs, pf, "2");
	vfs_write(&sriov_numvfs, pf, "0");
}

static void scenario(void)
{
	struct pci_dev pf;
	struct task sh;

	pci_device_init(&pf);
	kthread_run(&sh, "sh", shell, &pf);
	kthread_stop(&sh);
}

int main(void)
{
	return start_kernel(scenario);
}
