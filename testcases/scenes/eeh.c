/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * EEH recovery (powerpc): the devices of a failed slot are removed by a kernel thread. eeh_rmv_device() takes the
 * rescan lock to remove a device, and removes a VF without it.
 *
 * model: linux
 * broken: contract:vf-remove-locked observed; stack pci_iov_remove_virtfn eeh_rmv_device eeh_event_handler; held none;
 *     missing pci_rescan_remove_lock
 * exercises: vf-remove-locked vf-add-locked
 */
#include "kernel/kernel.h"

static void driver_remove(struct device *dev)
{
	(void)dev;
}

static struct device_driver driver = { .remove = driver_remove };

static void eeh_rmv_device(struct pci_dev *dev)
{
#ifdef FIXED
	pci_lock_rescan_remove();
	if (dev->physfn)
		pci_iov_remove_virtfn(dev->physfn, dev->vf_id);
	else
		pci_stop_and_remove_bus_device(dev);
	pci_unlock_rescan_remove();
#else
	if (dev->physfn) {
		pci_iov_remove_virtfn(dev->physfn, dev->vf_id);
	} else {
		pci_lock_rescan_remove();
		pci_stop_and_remove_bus_device(dev);
		pci_unlock_rescan_remove();
	}
#endif
}

static void eeh_event_handler(void *argument)
{
	struct pci_dev *pf = argument;

	for (int id = 0; id < MAX_VFS; id++)
		if (pf->vf[id])
			eeh_rmv_device(pf->vf[id]);
	eeh_rmv_device(pf);
}

static void scenario(void)
{
	struct pci_dev pf;
	struct task eehd;

	pci_device_init(&pf);
	device_bind_driver(&pf.dev, &driver);
	pci_lock_rescan_remove();
	sriov_add_vfs(&pf, 2);
	pci_unlock_rescan_remove();
	kthread_run(&eehd, "eehd", eeh_event_handler, &pf);
	kthread_stop(&eehd);
}

int main(void)
{
	return start_kernel(scenario);
}
