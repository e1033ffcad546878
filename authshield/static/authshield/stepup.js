{
let told=document.currentScript.dataset,news=new BroadcastChannel("authshield"),send=fetch,turn,
make=(name,more)=>Object.assign(document.createElement(name),more),
ask=({title,challenge:{id,url}})=>new Promise(done=>{
let dialog=make("dialog",{title,onclose:()=>done(dialog.remove())})
dialog.append(make("a",{href:url,target:id,textContent:title}),make("button",{textContent:told.cancel,onclick:()=>dialog.close()}))
document.body.append(dialog)
dialog.showModal()
news.onmessage=({data})=>data.includes(id)&&dialog.close(done(data==id))
open(url,id)
})
if(told.over)close(news.postMessage(told.over))
else fetch=async(input,init)=>{
let again=new Request(input,init),answer=await send(again.clone()),
told=answer.status==401&&answer.type=="basic"?await answer.clone().json().catch(Object):0,
repeat=async last=>{
if(!last?.ok||told.challenge.binding.kind!="request"){
if(!await ask(told))return answer
again.headers.set("AuthShield-Challenge",told.challenge.id)
}
turn=0
return send(again)
}
return told.code=="step_up_required"?turn=turn?turn.then(repeat,repeat):repeat():answer
}
}
