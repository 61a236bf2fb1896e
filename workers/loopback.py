"""Is it this machine? What travels in the clear may go there, and nowhere else."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """By its name or number alone: any other name may lead elsewhere tomorrow, so none is asked."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
