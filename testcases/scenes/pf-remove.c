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
#include "pf.h"

static void sriov_disable(struct pci_dev *dev)
{
	sriov_del_vfs(dev);
}

static long remove_store(void *object, const char *text)
{
	(void)text;
	pci_lock_rescan_remove();
	pci_stop_and_remove_bus_device(object);
	pci_unlock_rescan_remove();
	return 0;
}

static const struct attribute remove_file = { .store = remove_store };

static void by_remove(void *pf)
{
	vfs_write(&remove_file, pf, "1");
}

static void eeh_rmv_device(void *pf)
{
	pci_lock_rescan_remove();
	pci_stop_and_remove_bus_device(pf);
	pci_unlock_rescan_remove();
}

static void scenario(void)
{
	struct pci_dev pf;

	pci_device_init(&pf);
	once(&pf, "sh", by_remove);
	once(&pf, "pciehp", pciehp_unconfigure_device);
	once(&pf, "eehd", eeh_rmv_device);
	once(&pf, "sh", by_unbind);
}

int main(void)
{
	return start_kernel(scenario);
}
