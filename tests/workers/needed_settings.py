"""The settings that have no default."""

from cryptography.fernet import Fernet

NEW, OLD = Fernet.generate_key().decode(), Fernet.generate_key().decode()
NEEDED = {
    "DATABASE_URL": "sqlite:///x.db",
    "REDIS_URL": "redis://127.0.0.1:1",
    "COACHCAL_PUBLIC_URL": "http://127.0.0.1:8000/",
    "COACHCAL_SECRET_KEYS": f"{NEW},  {OLD}",
    "COACHCAL_CRONOFY_CLIENT_ID": "cid",
    "COACHCAL_CRONOFY_CLIENT_SECRETS": "s1,s2",
}
