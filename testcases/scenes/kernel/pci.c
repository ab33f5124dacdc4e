/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* PCI functions, physical and virtual. */
#include "kernel.h"

#include <stdlib.h>

static DEFINE_MUTEX(pci_rescan_remove_lock);

void pci_lock_rescan_remove(void)
{
	mutex_lock(&pci_rescan_remove_lock);
}

void pci_unlock_rescan_remove(void)
{
	mutex_unlock(&pci_rescan_remove_lock);
}

void pci_device_init(struct pci_dev *dev)
{
	*dev = (struct pci_dev){ 0 };
	device_initialize(&dev->dev);
	dev->is_added = 1;
}

int pci_iov_add_virtfn(struct pci_dev *dev, int id)
{
	struct pci_dev *virtfn = malloc(sizeof(*virtfn));

	if (!virtfn)
		return -1;
	pci_device_init(virtfn);
	virtfn->physfn = dev;
	virtfn->vf_id = id;
	dev->vf[id] = virtfn;
	dev->num_vfs++;
	return 0;
}

void pci_iov_remove_virtfn(struct pci_dev *dev, int id)
{
	struct pci_dev *virtfn = dev->vf[id];

	device_release_driver(&virtfn->dev);
	dev->vf[id] = NULL;
	dev->num_vfs--;
	free(virtfn);
}

int sriov_add_vfs(struct pci_dev *dev, int num_vfs)
{
	int error = 0;

	for (int id = 0; id < num_vfs && !error; id++)
		error = pci_iov_add_virtfn(dev, id);
	return error;
}

void sriov_del_vfs(struct pci_dev *dev)
{
	for (int id = MAX_VFS - 1; id >= 0; id--)
		if (dev->vf[id])
			pci_iov_remove_virtfn(dev, id);
}

void pci_remove_bus_device(struct pci_dev *dev)
{
	dev->is_added = 0;
}

void pci_stop_and_remove_bus_device(struct pci_dev *dev)
{
	device_release_driver(&dev->dev);
	pci_remove_bus_device(dev);
}
