# In the guest: the PXE cache of the lab, and a disk for each engine.
modprobe -a 9pnet_virtio 9p
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144 cache /mnt
mkdir -p /var/lib/docker /var/lib/containers/storage
mount /dev/vdb /var/lib/docker
mount /dev/vdc /var/lib/containers/storage
systemctl start dbus  # crun asks systemd by it
