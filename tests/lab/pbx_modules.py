"""Which Asterisk modules the lab loads: what Huntgroup and its dialplan may lean on, and not much else.

An explicit list starts in a quarter of the time that ``autoload=yes`` takes and keeps the log free of
modules that miss a configuration. A name that a version does not have is left out.
"""

from collections.abc import Collection
from pathlib import Path

_WANTED = """
pbx_config pbx_loopback chan_pjsip chan_bridge_media
res_pjproject res_sorcery_config res_sorcery_memory res_sorcery_astdb res_sorcery_realtime
res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_registrar res_pjsip_caller_id res_pjsip_rfc3326
res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_authenticator_digest
res_pjsip_outbound_authenticator_digest res_pjsip_nat res_pjsip_path res_pjsip_diversion
res_pjsip_dtmf_info res_pjsip_empty_info res_pjsip_dlg_options res_pjsip_header_funcs res_pjsip_refer
res_pjsip_acl res_pjsip_logger res_pjsip_pubsub res_pjsip_exten_state res_pjsip_mwi res_pjsip_messaging
res_pjsip_mwi_body_generator res_pjsip_pidf_body_generator res_pjsip_dialog_info_body_generator
res_pjsip_xpidf_body_generator res_geolocation res_http_websocket res_websocket_client res_statsd
res_pjsip_outbound_publish res_crypto res_srtp res_smdi res_ael_share
res_rtp_asterisk res_timing_timerfd res_musiconhold res_parking res_agi res_speech res_limit
res_manager_devicestate res_mwi_devstate res_convert res_mutestream res_stasis
res_stasis_device_state res_format_attr_h264 res_format_attr_opus
res_clioriginate
app_dial app_queue app_userevent app_playback app_playtones app_voicemail app_directed_pickup app_stack
app_if app_while app_verbose app_cdr app_exec app_read app_record app_mixmonitor app_chanspy app_db
app_originate app_senddtmf app_sayunixtime app_softhangup app_system app_transfer app_echo app_milliwatt
app_channelredirect app_bridgewait app_bridgeaddchan app_forkcdr app_controlplayback app_waitforcond
app_waituntil app_blind_transfer app_attended_transfer app_page app_confbridge app_dumpchan
bridge_simple bridge_native_rtp bridge_softmix bridge_holding bridge_builtin_features
bridge_builtin_interval_features
codec_ulaw codec_alaw codec_gsm codec_a_mu codec_resample format_pcm format_gsm format_wav format_wav_gsm
format_sln
func_base64 func_callerid func_cdr func_channel func_config func_cut func_db func_devstate
func_dialgroup func_dialplan func_env func_evalexten func_export func_extstate func_global func_groupcount
func_hangupcause func_lock func_logic func_math func_md5 func_module func_periodic_hook func_pjsip_aor
func_pjsip_contact func_pjsip_endpoint func_presencestate func_rand func_sha1 func_shell func_sorcery
func_sprintf func_strings func_sysinfo func_talkdetect func_timeout func_uri func_uuid func_version
func_vmcount func_volume
"""


def stock_lines(stock: Path, without: Collection[str] = ()) -> str:
    """A distribution's own modules.conf: it loads all that is installed, but for those *without*."""
    text = stock.read_text().replace("[global]", "")
    return text + "".join(f"noload={name}.so\n" for name in without)


def load_lines(modules: Path, without: Collection[str] = ()) -> str:
    """The body of modules.conf for an Asterisk whose modules are in that folder, but for those *without*."""
    names = [name for name in _WANTED.split() if name not in without and (modules / f"{name}.so").exists()]
    return "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in names)
