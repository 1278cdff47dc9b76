# In client4: get a lease, fetch a kernel and its initrd, print their sizes, and put it back.
ip address flush dev eth0
timeout 20 dhclient -1 -4 -lf /run/client.leases -pf /run/client.pid eth0 2>&-
for file in linux initrd.gz; do
    python3 -P -c 'import sys, urllib.request as u; print(len(u.urlopen(sys.argv[1]).read()))' \
        http://192.168.244.1/debian/13/amd64/$file
done
ip address flush dev eth0
kill $(cat /run/client.pid)
ip address add 192.168.244.50/24 dev eth0
