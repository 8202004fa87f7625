"""Money on a development chain, for accounts that have just been made."""

from __future__ import annotations

import aiohttp

from protocol.types import Address

from .errors import NoFaucet

FAUCET_WEI = 100 * 10**18


async def fill(rpc_url: str, address: Address) -> None:
    """Set the balance of `address` to 100 ether, as anvil and the embedded chain allow.

    Raises:
        NoFaucet: this chain's money has to be earned.
    """
    request = {
        "jsonrpc": "2.0", "id": 1, "method": "anvil_setBalance",
        "params": [address, hex(FAUCET_WEI)],
    }  # fmt: skip
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http,
            http.post(rpc_url, json=request) as response,
        ):
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise NoFaucet(rpc_url, f"no answer ({error})") from error
    if "error" in answer:
        raise NoFaucet(rpc_url, str(answer["error"].get("message", answer["error"])))
