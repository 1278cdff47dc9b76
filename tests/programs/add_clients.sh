# In the guest: a client in a namespace of its own on each bridge.
for number in 2 3 4; do
    bridge=br$((number - 2)) client=client$number
    ip netns add $client
    ip link add port$number up master $bridge type veth peer name eth0 netns $client
    ip -n $client address add 192.168.24$number.50/24 dev eth0
    ip -n $client link set eth0 up
done
