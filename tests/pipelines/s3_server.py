"""A server that speaks S3 for tests: moto's, which checks credentials, on a port of its own."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

from tests.pipelines.ssh_server import answers, free_port

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@dataclass(frozen=True)
class S3Server:
    """A server with one bucket and one user, whose credentials are `variables` of the environment."""

    endpoint: str
    bucket: str
    variables: Mapping[str, str]


@contextmanager
def running_s3_server(bucket: str) -> Iterator[S3Server]:
    """A server that ends with the block."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        answers(port, running)
        endpoint = f"http://127.0.0.1:{port}"
        yield S3Server(endpoint, bucket, _with_user(endpoint, bucket))
    finally:
        running.terminate()
        running.wait(timeout=30)


def _with_user(endpoint: str, bucket: str) -> dict[str, str]:
    """Make a bucket and a user, then have credentials checked; gives the user's."""
    from botocore.session import Session

    nobody = {"aws_access_key_id": "nobody", "aws_secret_access_key": "nobody"}
    where = {"region_name": "us-east-1", "endpoint_url": endpoint}
    s3, iam = (Session().create_client(name, **where, **nobody) for name in ("s3", "iam"))
    s3.create_bucket(Bucket=bucket)
    iam.create_user(UserName="retrain")
    iam.put_user_policy(UserName="retrain", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    made = iam.create_access_key(UserName="retrain")["AccessKey"]
    with closing(http.client.HTTPConnection(endpoint.removeprefix("http://"))) as connection:
        connection.request("POST", "/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        assert connection.getresponse().status == http.client.OK
    return {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
